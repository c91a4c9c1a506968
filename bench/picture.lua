--- The picture of a run: CPU of an answer and connections opened, by client. picture(run) -> SVG,
--- the same bytes for the same run. As a program: picture.lua RUN.json >FILE.svg.
---
--- The clients are three orders of magnitude apart, so the axis is logarithmic; on such an axis a
--- bar's length says nothing, therefore there are dots.

local WIDTH, TOP, ROW, BOTTOM = 860, 92, 36, 58
local AXIS_FROM, AXIS_TO, CONNECTIONS_AT = 316, 690, 836

local STYLE = [[
<style>
  .card { fill: #ffffff; stroke: #d1d9e0 }
  text { font: 13px system-ui, "Segoe UI", "DejaVu Sans", Arial, sans-serif; fill: #1f2328 }
  .head { font-size: 16px; font-weight: 600 }
  .small { font-size: 11px; fill: #59636e }
  .ours { font-weight: 700 }
  .grid { stroke: #d1d9e0 }
  .other { fill: #ffffff; stroke: #59636e; stroke-width: 2 }
  .own { fill: #0a7d34; stroke: #0a7d34; stroke-width: 2 }
  .end { text-anchor: end }
  .middle { text-anchor: middle }
  @media (prefers-color-scheme: dark) {
    .card { fill: #0d1117; stroke: #3d444d }
    text { fill: #f0f6fc }
    .small { fill: #9198a1 }
    .grid { stroke: #3d444d }
    .other { fill: #0d1117; stroke: #9198a1 }
    .own { fill: #3fb950; stroke: #3fb950 }
  }
</style>]]

local function escape(text)
  return (tostring(text):gsub("[&<>\"]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;",
    ['"'] = "&quot;" }))
end

local function duration(us)
  if us < 1000 then return ("%.0f µs"):format(us) end
  return (us < 10000 and "%.1f ms" or "%.0f ms"):format(us / 1000)
end

-- Those that ran, the least CPU first; names decide between equals.
local function ranked(peers)
  local list = {}
  for _, peer in ipairs(peers) do
    if peer.cpu_us then list[#list + 1] = peer end
  end
  table.sort(list, function(a, b)
    if a.cpu_us ~= b.cpu_us then return a.cpu_us < b.cpu_us end
    return a.id < b.id
  end)
  return list
end

local function log10(x) return math.log(x) / math.log(10) end

-- From a power of ten to a power of ten. Returns where on the picture a time is, and the powers.
local function axis(list)
  local from = math.floor(log10(list[1].cpu_us))
  local to = math.max(from + 1, math.ceil(log10(list[#list].cpu_us) - 1e-9))
  return function(us)
    return AXIS_FROM + (log10(us) - from) / (to - from) * (AXIS_TO - AXIS_FROM)
  end, from, to
end

local function label(peer)
  return peer.name .. (peer.version and " " .. peer.version or "")
end

local function in_words(list)
  local parts = {}
  for i, peer in ipairs(list) do
    parts[i] = ("%s%s: %s, %.0f %s for %.0f calls"):format(label(peer),
      peer.host and " (" .. peer.host .. ")" or "", duration(peer.cpu_us), peer.connections,
      peer.connections == 1 and "connection" or "connections", peer.calls)
  end
  return table.concat(parts, "; ") .. "."
end

local function foot(machine)
  local parts = {}
  for _, part in ipairs { machine.processor or false, machine.system or false,
    machine.date and machine.date:sub(1, 10) or false } do
    if part then parts[#parts + 1] = part end
  end
  return table.concat(parts, ", ")
end

local function draw(run)
  local list, lines = ranked(run.peers), {}
  assert(#list > 0, "no client has run")
  local at, from, to = axis(list)
  local bottom = TOP + ROW * #list
  local height = bottom + BOTTOM
  local function put(format, ...) lines[#lines + 1] = format:format(...) end
  local function text(class, x, y, words)
    put('<text class="%s" x="%.1f" y="%.1f">%s</text>', class, x, y, escape(words))
  end
  put('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" '
    .. 'role="img" aria-labelledby="title desc">', WIDTH, height, WIDTH, height)
  put('<title id="title">CPU of one answer and connections opened, by client</title>')
  put('<desc id="desc">%s</desc>', escape("A logarithmic axis. " .. in_words(list)))
  lines[#lines + 1] = STYLE
  put('<rect class="card" x="0.5" y="0.5" width="%d" height="%d" rx="8"/>', WIDTH - 1, height - 1)
  text("head", 20, 30, "CPU of one answer, and connections opened")
  text("small", 20, 50, ("%.0f calls over https, one after the other, each answer decoded; ")
    :format(list[1].calls) .. "logarithmic axis: each line is ten times the one before")
  text("small end", CONNECTIONS_AT, TOP - 12, "connections")
  for power = from, to do
    local x = at(10 ^ power)
    put('<line class="grid" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>', x, x, TOP - 4, bottom)
    text("small middle", x, TOP - 12, duration(10 ^ power))
  end
  for i, peer in ipairs(list) do
    local middle = TOP + ROW * (i - 0.5)
    local ours = peer.ours and "ours" or "name"
    text(ours, 20, peer.host and middle - 1 or middle + 5, label(peer))
    if peer.host then text("small", 20, middle + 13, peer.host) end
    put('<circle class="%s" cx="%.1f" cy="%.1f" r="5"/>', peer.ours and "own" or "other",
      at(peer.cpu_us), middle)
    text(ours, at(peer.cpu_us) + 11, middle + 5, duration(peer.cpu_us))
    text(ours .. " end", CONNECTIONS_AT, middle + 5, ("%.0f"):format(peer.connections))
  end
  text("small", 20, bottom + 26, "Measured and drawn by make bench; what is measured, and what is "
    .. "not claimed: bench/README.md")
  text("small", 20, bottom + 42, foot(run.machine or {}))
  put "</svg>"
  return table.concat(lines, "\n") .. "\n"
end

if ... == "picture" or ... == "bench.picture" then return draw end

local name = assert(arg[1], "usage: picture.lua RUN.json >FILE.svg")
local file = assert(io.open(name))
local text = file:read "*a"
file:close()
io.write(draw(require("cjson").decode(text)))
