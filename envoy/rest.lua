-- What the transcoder leaves to do between REST callers and gRPC: lists in URLs, HTTP statuses, and which field was wrong.

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

function envoy_on_request(handle)
  local path = handle:headers():get(":path")
  if path:find("?", 1, true) then
    handle:headers():replace(":path", split_lists(path, handle:filterContext():get("whole_number_lists")))
  end
end

-- What the transcoder's sentence complains of: a reason, a sentence for people, the field at fault and what is wrong with it.
-- The sentence is the inside of a JSON string, so every part that is cut out of it can be put into JSON as it is.
local function complaint(sentence)
  local parameter = sentence:match('^Could not find field \\"(.-)\\"')
  if parameter then
    return "UNKNOWN_PARAMETER", 'There is no parameter \\"' .. parameter .. '\\" here.', parameter, "no such parameter"
  end
  local bound = sentence:match("^The binding value .- of the field ([%w_%.]+) is conflicting")
  if bound then
    return "INVALID_ARGUMENT", sentence, bound, sentence
  end
  local field, said = sentence:match("^([%w_%.%[%]]*): (.+)")
  if field == "" then
    return "INVALID_ARGUMENT", "request body: " .. said
  end
  if field then
    return "INVALID_ARGUMENT", sentence, field, said
  end
  return "BAD_JSON", sentence
end

local function violation(field, description)
  return ',{"@type":"type.googleapis.com/google.rpc.BadRequest","field_violations":[{"field":"'
    .. field
    .. '","description":"'
    .. description
    .. '"}]}'
end

-- The gateway's refusal with a reason that fits and, where there is one, the field at fault.
local function explained(refusal)
  local head, sentence = refusal:match('^(.*"reason":")INVALID_ARGUMENT"}%],"message":"(.*)"}%s*$')
  if not head then
    return refusal
  end
  local reason, message, field, said = complaint(sentence)
  return head .. reason .. '"}' .. (field and violation(field, said) or "") .. '],"message":"' .. message .. '"}'
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
  if headers:get("x-refused-by-gateway") then
    headers:remove("x-refused-by-gateway")
    local body = handle:body()
    body:setBytes(explained(body:getBytes(0, body:length())))
  end
end
