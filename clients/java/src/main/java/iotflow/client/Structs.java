package iotflow.client;

import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Objects of JSON as maps of null, Boolean, Double, String, List and Map. */
final class Structs {
  private Structs() {}

  static Map<String, Object> toMap(Struct struct) {
    Map<String, Object> map = new LinkedHashMap<>();
    struct.getFieldsMap().forEach((name, value) -> map.put(name, toObject(value)));
    return map;
  }

  private static Object toObject(Value value) {
    switch (value.getKindCase()) {
      case NUMBER_VALUE:
        return value.getNumberValue();
      case STRING_VALUE:
        return value.getStringValue();
      case BOOL_VALUE:
        return value.getBoolValue();
      case STRUCT_VALUE:
        return toMap(value.getStructValue());
      case LIST_VALUE:
        List<Object> list = new ArrayList<>();
        value.getListValue().getValuesList().forEach(each -> list.add(toObject(each)));
        return list;
      default:
        return null;
    }
  }

  /** Fails with INVALID_ARGUMENT where the map has a value that JSON cannot express. */
  static Struct ofMap(Map<?, ?> map) {
    Struct.Builder struct = Struct.newBuilder();
    map.forEach((name, value) -> struct.putFields(text(String.valueOf(name)), ofObject(value)));
    return struct.build();
  }

  private static double finite(double number) {
    if (Double.isNaN(number) || Double.isInfinite(number)) {
      throw IotflowException.invalid("", "JSON has no " + number + ".");
    }
    return number;
  }

  private static String text(String text) {
    Text.check(text, "");
    return text;
  }

  private static Value ofObject(Object object) {
    Value.Builder value = Value.newBuilder();
    if (object == null) {
      value.setNullValue(NullValue.NULL_VALUE);
    } else if (object instanceof Number) {
      value.setNumberValue(finite(((Number) object).doubleValue()));
    } else if (object instanceof String) {
      value.setStringValue(text((String) object));
    } else if (object instanceof Boolean) {
      value.setBoolValue((Boolean) object);
    } else if (object instanceof Map) {
      value.setStructValue(ofMap((Map<?, ?>) object));
    } else if (object instanceof Iterable) {
      ListValue.Builder list = ListValue.newBuilder();
      ((Iterable<?>) object).forEach(each -> list.addValues(ofObject(each)));
      value.setListValue(list);
    } else {
      throw IotflowException.invalid("", "JSON has no " + object.getClass().getName() + ".");
    }
    return value.build();
  }
}
