// Arduino for ESP32: registers by MQTT, keeps the key, and sends an analog input every second.
#include <Arduino.h>
#include <Preferences.h>
#include <WiFi.h>
#include <iotflow/iotflow.h>

static const iotflow_column columns[] = {{"light", IOTFLOW_INT32}};
static uint8_t rows[512], queue[4096], received[512], sent[384];
static char key[IOTFLOW_LONGEST_KEY + 1];
static iotflow_storage storage;
static iotflow_writer writer;
static iotflow_mqtt mqtt;
static WiFiClient client;
static Preferences preferences;
static bool ready;

static iotflow_status networkConnect(void *, int) { return client.connect("192.168.1.10", 1883) ? IOTFLOW_OK : IOTFLOW_IO_ERROR; }

static int32_t networkRead(void *, uint8_t *data, uint32_t size) {
    if (client.available() > 0) {
        return client.read(data, size);
    }
    return client.connected() ? 0 : -1;
}

static int32_t networkWrite(void *, const uint8_t *data, uint32_t size) {
    return client.connected() ? static_cast<int32_t>(client.write(data, size)) : -1;
}

static const iotflow_transport transport = {networkConnect, networkRead, networkWrite, nullptr};

static void keepKey(void *, uint32_t id, const char *apiKey) {
    if (preferences.putUInt("id", id) == 0 || preferences.putString("key", apiKey) == 0) {
        Serial.println("the key cannot be kept");
    }
}

// A value, or with no rows the registration.
static void rejected(void *, const iotflow_rejection *rejection) {
    Serial.printf("rejected: %s: %s\n", rejection->reason, rejection->message);
}

static void interrupted(void *, iotflow_status status, uint32_t delayMs) {
    Serial.printf("interrupted: %s; again in %u ms\n", iotflow_status_text(status), static_cast<unsigned>(delayMs));
}

// Prints what is wrong when it changes.
static bool succeeds(iotflow_status status) {
    static iotflow_status last = IOTFLOW_OK;
    if (status != last && status != IOTFLOW_OK) {
        Serial.println(iotflow_status_text(status));
    }
    last = status;
    return status == IOTFLOW_OK;
}

void setup() {
    Serial.begin(115200);
    WiFi.begin("network", "password");
    preferences.begin("iotflow");
    iotflow_writer_options writing = {};
    writing.columns = columns;
    writing.column_count = 1;
    writing.memory = rows;
    writing.memory_size = sizeof rows;
    writing.server_times = true;
    writing.rejected = rejected;
    iotflow_mqtt_options connecting = {};
    connecting.device_id = preferences.getUInt("id", 0);
    connecting.api_key = preferences.getString("key", key, sizeof key) > 0 ? key : nullptr;
    connecting.name = "porch";
    connecting.registration = "{\"device_type\":\"esp32\"}";
    connecting.receive_memory = received;
    connecting.receive_size = sizeof received;
    connecting.send_memory = sent;
    connecting.send_size = sizeof sent;
    connecting.registered = keepKey;
    connecting.interrupted = interrupted;
    iotflow_storage_in_ram(&storage, queue, sizeof queue, 4);
    ready = succeeds(iotflow_writer_open(&writer, &writing, &storage)) &&
            succeeds(iotflow_mqtt_open(&mqtt, &writer, &transport, &connecting));
}

void loop() {
    static uint32_t next = 0;
    if (!ready) {
        return;
    }
    if (static_cast<int32_t>(millis() - next) >= 0) {
        const iotflow_value value = iotflow_int32(analogRead(34));
        iotflow_writer_add(&writer, millis(), 0, &value);
        next = millis() + 1000;
    }
    succeeds(iotflow_mqtt_poll(&mqtt, millis()));
    delay(20);
}
