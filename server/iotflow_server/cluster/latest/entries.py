"""The cache of newest values in Redis, and the scripts that access it.

A device has one entry: a letter (p: pending, a process reads the store; f: filled; x: invalidated, must not be filled), a
generation, the token of the lookup that may fill it, and, if filled, the values. Entries of another than the current
generation are void. An entry expires by the clock of Redis, whether or not it was filled.

The index lists the devices that had an entry recently, so that writers update Redis for these devices only. It is a sorted
set by version: devices that are added together share a new version. A process that knows another version than the current
one gets the devices added since, and repeats the call. Generation and version are members of the index too: if Redis loses
it, all entries are void. Both are microseconds of the clock of Redis, but never decrease.
"""

from collections.abc import Iterator

from iotflow_server.cluster.connection import Script
from iotflow_server.telemetry.latest.values import LIFE_SECONDS

# A device that has been in the index for longer than this is added again with its next entry.
_RENEW_SECONDS = 30
# How long a process considers a device indexed, and the shortest time that Redis keeps it in the index: much longer than an
# entry lives, in case the clock of Redis is set back.
INDEX_SECONDS = 120
# Larger entries are not cached.
_HEAD_BYTES = 17
MOST_BYTES = 16 * 2**10

# The braces keep all keys on one node of a cluster. Scripts derive the keys of entries: sending a thousand keys takes longer.
_INDEX = "{iotflow:latest}:roll"
_COMMON = """
local index, prefix = KEYS[1], '{iotflow:latest}:'
local generation = redis.call('ZSCORE', index, 'generation')
local version = redis.call('ZSCORE', index, 'version')
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end
local function add(score, ...)
  for _, member in ipairs({...}) do redis.call('ZADD', index, string.format('%.0f', score), member) end
end
local function head(letter, token) return letter .. struct.pack('<d', generation) .. token end
local function letter(entry)
  local first = string.sub(entry, 1, 1)
  if first == 'x' or generation and struct.unpack('<d', entry, 2) == tonumber(generation) then return first end
end
local function token(entry) return string.sub(entry, 10, 17) end
local function values(entry) return string.sub(entry, 18) end
"""

# ARGV: a token, device ids. Returns the concatenated entries, each prefixed with its length; the entries that the caller may
# fill are empty.
LOOKUP = Script(
    _COMMON
    + f"""
local now = now()
if not generation then
  add(now, 'generation', 'version')
  generation, version = now, now
end
local answer, added = {{}}, {{}}
for id in string.gmatch(ARGV[2], '%d+') do
  local entry = redis.call('GET', prefix .. id)
  if not entry or not letter(entry) then
    redis.call('SET', prefix .. id, head('p', ARGV[1]), 'EX', {round(LIFE_SECONDS)})
    local since = redis.call('ZSCORE', index, id)
    if not since or now - since > {_RENEW_SECONDS * 1_000_000} then added[#added + 1] = id end
    entry = ''
  end
  answer[#answer + 1] = struct.pack('<I4', #entry) .. entry
end
if #added > 0 then
  redis.call('ZREMRANGEBYSCORE', index, '-inf', string.format('%.0f', now - {INDEX_SECONDS * 1_000_000}))
  version = math.max(version + 1, now)
  add(generation, 'generation')
  add(version, 'version', unpack(added))
end
return table.concat(answer)
""",
    _INDEX,
)

# ARGV: the token, then id and values of each device, prefixed with 'f', or with 'x' if they must not be cached.
FILL = Script(
    _COMMON
    + """
for i = 2, #ARGV, 2 do
  local entry = redis.call('GET', prefix .. ARGV[i])
  if entry and letter(entry) == 'p' and token(entry) == ARGV[1] then
    local filled = string.sub(ARGV[i + 1], 1, 1) .. string.sub(entry, 2) .. string.sub(ARGV[i + 1], 2)
    redis.call('SET', prefix .. ARGV[i], filled, 'KEEPTTL')
  end
end
""",
    _INDEX,
)

# ARGV: generation and version known to the caller, then id and newest values of each device; empty values remove the entry.
# Returns nothing when done, or else the part of the index that the caller does not know: generation, version, and members.
RECORD = Script(
    _COMMON
    + f"""
if (generation or '') ~= ARGV[1] or (version or '') ~= ARGV[2] then
  local after = (generation or '') == ARGV[1] and '(' .. ARGV[2] or '-inf'
  return {{generation or '', version or '', redis.call('ZRANGEBYSCORE', index, after, '+inf')}}
end
local function fields(packed)
  local at = 1
  return function()
    if at > #packed then return nil end
    local name, rest
    name, rest, at = struct.unpack('<I2c0I4c0', packed, at)
    return name, rest
  end
end
local function merged(entry, packed)
  local update, parts = {{}}, {{string.sub(entry, 1, 17)}}
  for name, new in fields(packed) do update[name] = new end
  for name, old in fields(values(entry)) do
    local new = update[name]
    if new then
      local was, is = (struct.unpack('<d', old, 2)), (struct.unpack('<d', new, 2))
      if string.byte(old) ~= string.byte(new) or was == is and old ~= new then return nil end
      if is > was then old = new end
      update[name] = nil
    end
    parts[#parts + 1] = struct.pack('<I2c0I4c0', #name, name, #old, old)
  end
  return next(update) == nil and table.concat(parts) or nil
end
for i = 3, #ARGV, 2 do
  local key, update = prefix .. ARGV[i], ARGV[i + 1]
  local entry = redis.call('GET', key)
  local first = entry and letter(entry)
  if first and first ~= 'x' then
    local changed = first == 'f' and #update > 0 and merged(entry, update)
    if not changed or #changed > {MOST_BYTES} then
      redis.call('DEL', key)
    elseif changed ~= entry then
      redis.call('SET', key, changed, 'KEEPTTL')
    end
  end
end
""",
    _INDEX,
)

# ARGV: device ids; none: begin a new generation.
INVALIDATE = Script(
    _COMMON
    + f"""
local now = now()
if #ARGV == 0 or not generation then
  generation = math.max((generation or 0) + 1, now)
  add(generation, 'generation')
  if not version then add(generation, 'version') end
end
for _, id in ipairs(ARGV) do
  redis.call('SET', prefix .. id, head('x', '--------'), 'EX', {round(LIFE_SECONDS)})
end
""",
    _INDEX,
)


def split(answer: bytes) -> Iterator[bytes]:
    """Split the result of LOOKUP into entries."""
    offset = 0
    while offset < len(answer):
        start = offset + 4
        offset = start + int.from_bytes(answer[offset:start], "little")
        yield answer[start:offset]


def filled(entry: bytes) -> bytes | None:
    """The values of an entry; None if it is pending or invalidated."""
    return entry[_HEAD_BYTES:] if entry.startswith(b"f") else None
