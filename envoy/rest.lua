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

-- Beyond this much of a body a bare NaN is not looked for; the transcoder refuses it all the same, without the field's name.
local LOOKED_THROUGH = 262144
local NO_NUMBER = { NaN = true, Infinity = true, ["-Infinity"] = true }

-- The position after the string that starts here; 34 is the quote.
local function past_string(json, start)
  local position = start + 1
  while true do
    local found = json:find('["\\]', position)
    if not found then
      return #json + 1
    end
    if json:byte(found) == 34 then
      return found + 1
    end
    position = found + 2
  end
end

-- Steps into and out of objects and lists, so that `place` is always the way to the value that comes next.
local function step(place, character)
  local here = place[#place]
  if character == "{" then
    place[#place + 1] = { name = "" }
  elseif character == "[" then
    place[#place + 1] = { index = 0 }
  elseif character == "}" or character == "]" then
    place[#place] = nil
  elseif character == "," and here and here.index then
    here.index = here.index + 1
  end
end

local function written(place)
  local path = ""
  for _, part in ipairs(place) do
    path = path .. (part.index and "[" .. part.index .. "]" or "." .. part.name)
  end
  return (path:gsub("^%.", ""))
end

-- Where the first NaN or Infinity stands bare, as some libraries write them though JSON has no such number.
local function find_no_number(json)
  local place, position = {}, 1
  while position <= #json do
    local word = json:match("^[%w.+-]+", position)
    if word and NO_NUMBER[word] then
      return written(place), word
    elseif word then
      position = position + #word
    elseif json:byte(position) == 34 then
      local after = past_string(json, position)
      if place[#place] and place[#place].name and json:match("^%s*:", after) then
        place[#place].name = json:sub(position + 1, after - 2)
      end
      position = after
    else
      step(place, json:sub(position, position))
      position = position + 1
    end
  end
end

local function refuse_no_number(handle)
  local body = handle:body()
  if not body then
    return
  end
  local json = body:getBytes(0, math.min(body:length(), LOOKED_THROUGH))
  if json:find("NaN", 1, true) or json:find("Infinity", 1, true) then
    local field, word = find_no_number(json)
    if field and field ~= "" then
      handle:respond({ [":status"] = "400" }, field .. ": " .. word .. " is not JSON")
    end
  end
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

function envoy_on_request(handle)
  local headers = handle:headers()
  if (headers:get("content-type") or ""):find("application/grpc", 1, true) == 1 then
    return
  end
  drop_grpc_headers(headers)
  local path = headers:get(":path")
  if path:find("?", 1, true) then
    headers:replace(":path", split_lists(path, handle:filterContext():get("whole_number_lists")))
  end
  refuse_no_number(handle)
end

-- What a sentence complains of: a reason, a sentence for people, the field at fault and what is wrong with it. The sentence is
-- the transcoder's or ours, and the inside of a JSON string, so every part that is cut out of it can be put into JSON as it is.
local function complaint(sentence)
  local parameter = sentence:match('^Could not find field \\"(.-)\\"')
  if parameter then
    return "UNKNOWN_PARAMETER", 'There is no parameter \\"' .. parameter .. '\\" here.', parameter, "no such parameter"
  end
  local bound = sentence:match("^The binding value .- of the field ([%w_%.]+) is conflicting")
  if bound then
    return "INVALID_ARGUMENT", sentence, bound, sentence
  end
  local parent, scalar = sentence:match("^([%w_%.%[%]]*): invalid value Starting an object on a scalar field for type ([%w_]+)$")
  if scalar then
    local field = (parent .. "." .. scalar):gsub("^%.", "")
    return "INVALID_ARGUMENT", field .. ": an object does not fit here", field, "an object does not fit here"
  end
  local named, no_number = sentence:match("^(.-): (%-?%a+ is not JSON)$")
  if named then
    return "BAD_JSON", sentence, named, no_number
  end
  local field, said = sentence:match("^([%w_%.%[%]]+): (.+)")
  if field then
    return "INVALID_ARGUMENT", sentence, field, said
  end
  if sentence == ": Root element must be a message." then
    return "BAD_JSON", "The body must be a JSON object."
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
  local head, sentence = refusal:match('^(.*"metadata":{.*)},"reason":"INVALID_ARGUMENT"}%],"message":"(.*)"}%s*$')
  if not head then
    return refusal
  end
  local reason, message, field, said = complaint(sentence)
  return head
    .. (field and ',"field":"' .. field .. '"' or "")
    .. '},"reason":"' .. reason .. '"}'
    .. (field and violation(field, said) or "")
    .. '],"message":"' .. message .. '"}'
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
