-- Complements the transcoder between REST and gRPC: lists in URLs, HTTP statuses and methods, and readable error messages.
-- The input comes from callers, so no function may take more than one pass over it.

-- Turns a list written as "1,2" or "1%2C2" into name=1&name=2, the form that the transcoder reads.
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

-- Removes the headers of gRPC from a REST request: a malformed one would end the call without an error message.
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

-- The reason why a body cannot be read. Other content types are accepted: many small clients send their library's default or none.
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

-- An error of the transcoder repeats the caller's input in full. These bound the part of it that is read, from its beginning and
-- its end, and the part of a value that is shown.
local BEGINNING, ENDING, SHOWN = 400, 150, 40

-- The content of a JSON string without characters that need escaping, so that any part of it can be put into JSON.
local function plain(escaped)
  local text = escaped:gsub('\\"', "'"):gsub("\\u%x%x%x%x", "?"):gsub("\\.", " ")
  return (text:gsub('["\\]', ""))
end

-- The beginning of a text, not cut within an escape sequence or a character.
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

-- The transcoder's messages, each with the function that turns it into a reason, a field and a description. The first match counts.
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
      if bound == value then
        -- The transcoder compares numbers in 32 bits.
        return "INVALID_ARGUMENT", field, "stands in the path; leave it out of the body, or write it there as a text"
      end
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

-- The message for a body that is not JSON: the error, and the text at the parser's mark, where the error is.
local function not_json(escaped)
  local complaint = escaped:match("^(.-)\\n") or escaped
  local line, mark = escaped:match("\\n(.-)\\n( *)^$")
  local place = line and short(plain(line):sub(#mark + 1)) or ""
  local problem = NOT_JSON[complaint:match("^[^.]*")] or plain(complaint):gsub("^%u", string.lower):gsub("%.$", "")
  if place:find("^%-?NaN") or place:find("^%-?Infinity") then
    problem = "there is no NaN and no Infinity in JSON; leave such a value out"
  elseif place:sub(1, 3) == "\239\187\191" then
    problem, place = "it begins with a byte order mark; leave that out", ""
  end
  return "The body is not JSON: " .. problem .. (place ~= "" and ", at " .. place or "") .. "."
end

-- A reason, a message, and the invalid field, if there is one.
local function explained(escaped)
  local complaint = plain(escaped)
  for _, known in ipairs(COMPLAINTS) do
    local first, second, third = complaint:match(known[1])
    if first then
      local reason, field, problem = known[2](first, second, third)
      return reason, field .. " " .. problem .. ".", field
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

-- The methods that a path supports.
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

-- Replaces a 404 where the path has other methods. Headers cannot change after the body is set.
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

-- Rewrites an error of Envoy itself. cause: Envoy's response code detail.
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

-- Applies the status that a successful call sets by x-http-code, and removes the headers of gRPC from REST responses.
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
