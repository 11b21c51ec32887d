-- What the transcoder leaves to do between REST callers and gRPC: lists in URLs, HTTP statuses and methods, and sentences for its
-- refusals. Callers decide what is looked at here: nothing may take more than one pass over it.

-- "1,2" and "1%2C2", the way people write lists, becomes name=1&name=2, the way the transcoder reads them.
local function split_list(name, value)
  local parts = {}
  for part in value:gsub("%%2[Cc]", ","):gmatch("[^,]+") do
    parts[#parts + 1] = name .. "=" .. part
  end
  return table.concat(parts, "&")
end

local function split_lists(path, names)
  for _, name in ipairs(names) do
    path = path:gsub("([?&])(" .. name .. ")=([^&]*)", function(before, found, value)
      return before .. split_list(found, value)
    end)
  end
  return path
end

-- Headers that mean something to gRPC are no business of a REST caller's, and a malformed one would end the call in the dark.
local function drop_grpc_headers(headers)
  local names = {}
  for name in pairs(headers) do
    if name:sub(1, 5) == "grpc-" or name:sub(-4) == "-bin" then
      names[#names + 1] = name
    end
  end
  for _, name in ipairs(names) do
    headers:remove(name)
  end
end

-- Why this body cannot be read; its type may be any other one, as many small clients send their library's default or none.
local function unsupported(headers)
  local coding = (headers:get("content-encoding") or "identity"):lower()
  if coding ~= "identity" and coding ~= "" then
    return "A body with a content-encoding cannot be read here; send the JSON as it is."
  end
  if (headers:get("content-type") or ""):lower():find("protobuf", 1, true) then
    return "A protobuf body cannot be read here; send JSON, or call the same method by gRPC."
  end
end

function envoy_on_request(handle)
  local headers = handle:headers()
  if (headers:get("content-type") or ""):find("application/grpc", 1, true) == 1 then
    return
  end
  local refusal = unsupported(headers)
  if refusal then
    handle:respond({ [":status"] = "415" }, refusal)
    return
  end
  drop_grpc_headers(headers)
  if headers:get(":method") == "HEAD" then
    headers:replace(":method", "GET")
    handle:streamInfo():dynamicMetadata():set("iotflow", "head", true)
  end
  local path = headers:get(":path")
  if path:find("?", 1, true) then
    headers:replace(":path", split_lists(path, handle:filterContext():get("whole_number_lists")))
  end
end

-- A refusal of the transcoder repeats what the caller sent, however long. So much of one is read, from its beginning and its end,
-- and so much of a value is shown.
local BEGINNING, ENDING, SHOWN = 400, 150, 40

-- The inside of a JSON string without anything that needs escaping: any part of it can be cut out and put into JSON.
local function plain(escaped)
  local text = escaped:gsub('\\"', "'"):gsub("\\u%x%x%x%x", "?"):gsub("\\.", " ")
  return (text:gsub('["\\]', ""))
end

-- Does not end within an escape or a character.
local function cut(text, most)
  return (text:sub(1, most):gsub("\\+u?%x*$", ""):gsub("[\192-\255][\128-\191]*$", ""))
end

local function short(text)
  return #text > SHOWN and cut(text, SHOWN) .. " …" or text
end

local function bounded(escaped)
  if #escaped <= BEGINNING + ENDING then
    return escaped
  end
  return cut(escaped, BEGINNING) .. escaped:sub(-ENDING):gsub("^[\128-\191]+", "")
end

local EXPECTED = {
  TYPE_INT32 = "a whole number of 32 bits",
  TYPE_UINT32 = "a whole number of 32 bits, 0 or more",
  TYPE_INT64 = "a whole number of 64 bits",
  TYPE_UINT64 = "a whole number of 64 bits, 0 or more",
  TYPE_DOUBLE = "a number",
  TYPE_FLOAT = "a number",
  TYPE_BOOL = "true or false",
  TYPE_STRING = "a text",
  TYPE_BYTES = "a text in base64",
  TYPE_ENUM = "one of the words of its list",
}

-- The transcoder's words, and what they become: a reason, the field at fault, and what is wrong with it. The first that fits counts.
local COMPLAINTS = {
  {
    "^Could not find field '(.-)' in the type",
    function(name)
      return "UNKNOWN_PARAMETER", short(name), "is no parameter of this path"
    end,
  },
  {
    "^The binding value '(.*)' of the field ([%w_%.]+) is conflicting with the value (.*) in the body",
    function(bound, field, value)
      return "INVALID_ARGUMENT", field, "is '" .. short(bound) .. "' in the path and " .. short(value) .. " in the body"
    end,
  },
  {
    "^([%w_%.%[%]]*): invalid value Starting an object on a scalar field for type ([%w_]+)$",
    function(parent, name)
      return "INVALID_ARGUMENT", (parent .. "." .. name):gsub("^%.", ""), "must be a single value, not an object"
    end,
  },
  {
    "^[%w_%.%[%]]*: invalid value oneof field .* Cannot set '([%w_]+)'",
    function(name)
      return "INVALID_ARGUMENT", name, "is given twice"
    end,
  },
  {
    "^([%w_%.%[%]]+): invalid value (.*) for type ([%w_%./]+)$",
    function(field, value, kind)
      return "INVALID_ARGUMENT", field, "must be " .. (EXPECTED[kind] or "an object") .. ", not " .. short(value)
    end,
  },
  {
    "^([%w_%.%[%]]*): Proto fields must have a name",
    function(parent)
      return "INVALID_ARGUMENT", parent ~= "" and parent or "body", "has a field without a name"
    end,
  },
  {
    "^([%w_%.%[%]]*): Proto field is not repeating",
    function(parent)
      return "INVALID_ARGUMENT", parent ~= "" and parent or "body", "has a list where a single value belongs"
    end,
  },
}

local NOT_JSON = {
  ["Unexpected end of string"] = "it ends too early",
  ["Closing quote expected in string"] = "it ends within a text",
  ["Encountered non UTF-8 code points"] = "it is not text in UTF-8",
  ["Parsing terminated before end of input"] = "more follows its end",
  ["Message too deep"] = "it is nested too deeply",
  ["Number exceeds the range of double"] = "a number is too large",
  ["Unexpected token"] = "a value is expected",
  ["Expected a value"] = "a value is expected",
}

-- Of a body that is not JSON: what is wrong, and what stands above the parser's mark, where it stops being JSON.
local function not_json(escaped)
  local complaint = escaped:match("^(.-)\\n") or escaped
  local line, mark = escaped:match("\\n(.-)\\n( *)^$")
  local place = line and short(plain(line):sub(#mark + 1)) or ""
  local said = NOT_JSON[complaint:match("^[^.]*")] or plain(complaint):gsub("^%u", string.lower):gsub("%.$", "")
  if place:find("^%-?NaN") or place:find("^%-?Infinity") then
    said = "there is no NaN and no Infinity in JSON; leave such a value out"
  elseif place:sub(1, 3) == "\239\187\191" then
    said, place = "it begins with a byte order mark; leave that out", ""
  end
  return "The body is not JSON: " .. said .. (place ~= "" and ", at " .. place or "") .. "."
end

-- A reason, a sentence for people, and the field at fault, if any.
local function explained(escaped)
  local complaint = plain(escaped)
  for _, known in ipairs(COMPLAINTS) do
    local first, second, third = complaint:match(known[1])
    if first then
      local reason, field, said = known[2](first, second, third)
      return reason, field .. " " .. said .. ".", field
    end
  end
  if complaint:find("Root element must be a message", 1, true) then
    return "BAD_JSON", "The body must be a JSON object."
  end
  return "BAD_JSON", not_json(escaped)
end

local TYPE = '{"@type":"type.googleapis.com/google.rpc.'

local function status(code, reason, message, field)
  local named = field and ',"field":"' .. field .. '"' or ""
  local violation = field
      and "," .. TYPE .. 'BadRequest","field_violations":[{"field":"' .. field .. '","description":"' .. message .. '"}]}'
    or ""
  return ('{"code":%d,"message":"%s","details":['):format(code, message)
    .. TYPE
    .. ('ErrorInfo","reason":"%s","domain":"iotflow","metadata":{"retryable":"false"%s}}%s]}'):format(reason, named, violation)
end

-- The methods of a path that has others than the one asked for.
local function allowed(path, methods)
  local found = {}
  for _, method in ipairs(methods) do
    for _, pattern in ipairs(method.paths) do
      if path:find(pattern) then
        found[#found + 1] = method.name
        break
      end
    end
  end
  return table.concat(found, ", ")
end

-- In place of a 404 where the path has other methods. Nothing of the headers can be changed once the body is set.
local function refuse_method(handle, method, others)
  local headers = handle:headers()
  headers:replace(":status", "405")
  headers:add("allow", others)
  local message = "This path has no " .. method .. "; it has " .. others .. "."
  handle:body():setBytes(status(12, "METHOD_NOT_ALLOWED", message))
end

local function explain(handle, cause)
  local body = handle:body()
  local escaped = body:getBytes(0, body:length()):match('"message":"(.*)"}%s*$')
  if cause:find("transcode", 1, true) then
    body:setBytes(status(3, explained(bounded(escaped))))
  else
    body:setBytes(status(3, "BAD_REQUEST", "This is no valid HTTP request: " .. cause:gsub("[^%w]", " ") .. "."))
  end
end

-- What the gateway itself refused; `cause` is Envoy's word for the reason.
local function rewrite(handle, cause, request)
  if handle:headers():get(":status") ~= "404" then
    explain(handle, cause)
    return
  end
  local method, path = request:match("^(%S+) (%S+)")
  local others = path and allowed(path, handle:filterContext():get("methods")) or ""
  if others ~= "" then
    refuse_method(handle, method, others)
  end
end

-- A call that succeeded may choose its status by x-http-code. What belongs to gRPC alone stays out of REST answers.
local function translate(headers)
  local code = headers:get("x-http-code")
  if code and headers:get(":status") == "200" then
    headers:replace(":status", code)
  end
  for _, name in ipairs({ "x-http-code", "grpc-status", "grpc-message", "grpc-accept-encoding" }) do
    headers:remove(name)
  end
end

function envoy_on_response(handle)
  local headers = handle:headers()
  if (headers:get("content-type") or ""):find("application/grpc", 1, true) == 1 then
    return
  end
  translate(headers)
  local cause, request = headers:get("x-refused-because"), headers:get("x-refused-request")
  if cause then
    headers:remove("x-refused-because")
    headers:remove("x-refused-request")
    rewrite(handle, cause, request)
  end
  if (handle:streamInfo():dynamicMetadata():get("iotflow") or {}).head then
    for chunk in handle:bodyChunks() do
      chunk:setBytes("")
    end
  end
end
