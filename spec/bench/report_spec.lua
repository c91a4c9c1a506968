-- What `make bench` leaves behind: the JSON of a run, and the picture that the README shows.

local data = require "spec.support.data"
local json = require "cjson"
local picture = require "bench.picture"
local pretty = require "bench.pretty"
local process = require "spec.support.process"

local function run()
  local peers = {
    { id = "b24", name = "b24", version = "0.2.0", host = "Lua 5.4", ours = true, cpu_us = 98.4,
      connections = 1, calls = 100 },
    { id = "program", name = "a <curl> & \"sh\"", version = "7.88", cpu_us = 12600,
      connections = 100, calls = 100 },
    { id = "bare", name = "libcurl in C", cpu_us = 61, connections = 1, calls = 100 },
    { id = "gone", name = "not here", absent = "it is not installed here", calls = 100 },
  }
  return { peers = peers, machine = { processor = "A <fast> one", date = "2026-11-26T10:00:00Z" } }
end

-- x of each circle, from the first row to the last.
local function dots(svg)
  local list = {}
  for x in svg:gmatch '<circle class="%l+" cx="([%d.]+)"' do list[#list + 1] = tonumber(x) end
  return list
end

describe("the picture of a benchmark", function()
  it("has a row for each client that ran, the least CPU first", function()
    local svg = picture(run())
    local first, second, third = svg:find(">libcurl in C<", 1, true), svg:find(">b24 0.2.0<", 1,
      true), svg:find(">a &lt;curl", 1, true)
    assert.is_true(first < second and second < third)
    assert.is_nil(svg:find("not here", 1, true))
    local at = dots(svg)
    assert.equal(3, #at)
    assert.is_true(at[1] < at[2] and at[2] < at[3])
    assert.equal(1, select(2, svg:gsub('<circle class="own"', "")))
  end)

  it("has a logarithmic axis: ten times as much is as far everywhere", function()
    local list = {}
    for i, us in ipairs { 100, 1000, 10000 } do
      list[i] = { id = "p" .. i, name = "p" .. i, cpu_us = us, connections = 1, calls = 100 }
    end
    local at = dots(picture { peers = list })
    assert.is_true(math.abs((at[2] - at[1]) - (at[3] - at[2])) < 0.2)
  end)

  it("says in words what it shows, for who does not see it", function()
    local svg = picture(run())
    assert.truthy(svg:find('role="img" aria-labelledby="title desc"', 1, true))
    local words = svg:match '<desc id="desc">(.-)</desc>'
    assert.truthy(words:find("b24 0.2.0 (Lua 5.4): 98 µs, 1 connection for 100 calls", 1, true))
    assert.truthy(words:find("7.88: 13 ms, 100 connections for 100 calls", 1, true), words)
  end)

  it("escapes names, and is the same for the same run whatever the order of its clients", function()
    local svg = picture(run())
    assert.truthy(svg:find("a &lt;curl&gt; &amp; &quot;sh&quot; 7.88", 1, true))
    assert.truthy(svg:find("A &lt;fast&gt; one, 2026-11-26", 1, true))
    local turned = run()
    local list = {}
    for i, peer in ipairs(turned.peers) do list[#turned.peers + 1 - i] = peer end
    turned.peers = list
    assert.equal(svg, picture(turned))
    local opened, closed = select(2, svg:gsub("<text ", "")), select(2, svg:gsub("</text>", ""))
    assert.equal(opened, closed)
  end)

  it("is not drawn of nothing", function()
    assert.has_error(function() picture { peers = {} } end, "no client has run")
  end)

  it("is drawn by the program itself, from the run's JSON", function()
    local folder = data.folder()
    process.write(folder .. "/run.json", pretty(run()))
    local drawn = data.shell(("%s bench/picture.lua %s/run.json"):format(process.interpreter(),
      folder))
    assert.equal(picture(run()), drawn)
    data.remove_folder(folder)
  end)
end)

describe("the JSON of a benchmark", function()
  it("is what any reader gets back, with names in order", function()
    local value = { name = 'a "b"\\c\n\t\1', list = { 1, 2.5, "x" }, none = {}, yes = true,
      rows = { { name = "r", values = { 1, "" } } } }
    local text = pretty(value)
    assert.same(value, json.decode(text))
    assert.is_true(text:find '"list"' < text:find '"name"' and text:find '"name"' < text:find
      '"yes"')
    assert.equal(text, pretty(json.decode(text)))
  end)

  it("has no numbers that JSON does not know", function()
    assert.equal("[null, null, null]\n", pretty { 0 / 0, math.huge, -math.huge })
    assert.equal("[123457, 0.123457, 3]\n", pretty { 123456.7, 0.1234567, 3.0 })
  end)
end)
