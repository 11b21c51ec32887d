"""What Redis holds of newest values, and the scripts that alone change it.

An entry is a device's: a letter (p: somebody reads the store; f: filled; x: forgotten, nothing is to be put there), a
generation, the token of whoever was to fill it, and when filled the values. One of another generation than the present is
none. It ends a while after it was begun, be it filled or not: Redis' clock alone knows of that.

The roll says which devices have had an entry of late, so that whoever writes need tell Redis of no others. It is a sorted set
by version: each time when devices are added it gets a new one, and all those have it. A process that knows another version
than the present is told what was added since, and tries again. Generation and version stand in the roll, too: when Redis
loses it, all entries are void. Both are microseconds of Redis' clock, but always grow.
"""

from collections.abc import Iterator

from iotflow_server.cluster.connection import Script
from iotflow_server.telemetry.latest.values import LIFE_SECONDS

# An entry may begin for a device that has been on the roll for less than this; others are added anew.
_RENEW_SECONDS = 30
# For so long a process tells Redis of a device it has found on the roll, and Redis keeps it there at least: with much to
# spare beyond the last entry's end, should Redis' clock be put back.
ROLL_SECONDS = 120
# Larger entries are not worth their room.
_HEAD_BYTES = 17
MOST_BYTES = 16 * 2**10

# The braces keep all on one node of a cluster. Entries' names are made in the scripts: a thousand names take longer to send.
_ROLL = "{iotflow:latest}:roll"
_COMMON = """
local roll, prefix = KEYS[1], '{iotflow:latest}:'
local generation = redis.call('ZSCORE', roll, 'generation')
local version = redis.call('ZSCORE', roll, 'version')
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end
local function marked(score, ...)
  for _, member in ipairs({...}) do redis.call('ZADD', roll, string.format('%.0f', score), member) end
end
local function head(letter, token) return letter .. struct.pack('<d', generation) .. token end
local function letter(entry)
  local first = string.sub(entry, 1, 1)
  if first == 'x' or generation and struct.unpack('<d', entry, 2) == tonumber(generation) then return first end
end
local function token(entry) return string.sub(entry, 10, 17) end
local function values(entry) return string.sub(entry, 18) end
"""

# ARGV: a token, device ids. Answers the entries one behind the other, each with its length before it; of those that
# the caller is to fill, nothing.
ASK = Script(
    _COMMON
    + f"""
local now = now()
if not generation then
  marked(now, 'generation', 'version')
  generation, version = now, now
end
local answer, added = {{}}, {{}}
for id in string.gmatch(ARGV[2], '%d+') do
  local entry = redis.call('GET', prefix .. id)
  if not entry or not letter(entry) then
    redis.call('SET', prefix .. id, head('p', ARGV[1]), 'PX', {round(LIFE_SECONDS * 1_000)})
    local since = redis.call('ZSCORE', roll, id)
    if not since or now - since > {_RENEW_SECONDS * 1_000_000} then added[#added + 1] = id end
    entry = ''
  end
  answer[#answer + 1] = struct.pack('<I4', #entry) .. entry
end
if #added > 0 then
  redis.call('ZREMRANGEBYSCORE', roll, '-inf', string.format('%.0f', now - {ROLL_SECONDS * 1_000_000}))
  version = math.max(version + 1, now)
  marked(generation, 'generation')
  marked(version, 'version', unpack(added))
end
return table.concat(answer)
""",
    _ROLL,
)

# ARGV: the token, then id and values of each device; 'x' instead of 'f' before them: not to be kept.
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
    _ROLL,
)

# ARGV: generation and version that the caller knows, then id and newest values of each device, none: they cannot be told.
# Answers what the roll has that the caller does not know, as generation, version, and members; nothing: it is done.
NOTE = Script(
    _COMMON
    + f"""
if (generation or '') ~= ARGV[1] or (version or '') ~= ARGV[2] then
  local after = (generation or '') == ARGV[1] and '(' .. ARGV[2] or '-inf'
  return {{generation or '', version or '', redis.call('ZRANGEBYSCORE', roll, after, '+inf')}}
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
  local news, parts = {{}}, {{string.sub(entry, 1, 17)}}
  for name, new in fields(packed) do news[name] = new end
  for name, old in fields(values(entry)) do
    local new = news[name]
    if new then
      local was, is = (struct.unpack('<d', old, 2)), (struct.unpack('<d', new, 2))
      if string.byte(old) ~= string.byte(new) or was == is and old ~= new then return nil end
      if is > was then old = new end
      news[name] = nil
    end
    parts[#parts + 1] = struct.pack('<I2c0I4c0', #name, name, #old, old)
  end
  return next(news) == nil and table.concat(parts) or nil
end
for i = 3, #ARGV, 2 do
  local key, news = prefix .. ARGV[i], ARGV[i + 1]
  local entry = redis.call('GET', key)
  local first = entry and letter(entry)
  if first and first ~= 'x' then
    local changed = first == 'f' and #news > 0 and merged(entry, news)
    if not changed or #changed > {MOST_BYTES} then
      redis.call('DEL', key)
    elseif changed ~= entry then
      redis.call('SET', key, changed, 'KEEPTTL')
    end
  end
end
""",
    _ROLL,
)

# ARGV: device ids; none: a new generation.
FORGET = Script(
    _COMMON
    + f"""
local now = now()
if #ARGV == 0 or not generation then
  generation = math.max((generation or 0) + 1, now)
  marked(generation, 'generation')
  if not version then marked(generation, 'version') end
end
for _, id in ipairs(ARGV) do
  redis.call('SET', prefix .. id, head('x', '--------'), 'PX', {round(LIFE_SECONDS * 1_000)})
end
""",
    _ROLL,
)


def split(answer: bytes) -> Iterator[bytes]:
    """The entries that ASK answers."""
    place = 0
    while place < len(answer):
        start = place + 4
        place = start + int.from_bytes(answer[place:start], "little")
        yield answer[start:place]


def filled(entry: bytes) -> bytes | None:
    """An entry's values; None where there are none yet, or are not to be."""
    return entry[_HEAD_BYTES:] if entry.startswith(b"f") else None
