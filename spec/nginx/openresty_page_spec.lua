-- The page of examples/openresty in a real browser: at two sizes, light and dark, for keyboards and
-- screen readers; and who sees whose numbers.
-- One Lua of each kind: nginx and a browser, whose Lua is another.

local cjson = require "cjson"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"

if nginx.skips(describe, pending, "the OpenResty page") then return end

local ROOT = debug.getinfo(1, "S").source:match "^@(.*)spec/nginx/openresty_page_spec%.lua$" or ""
local SCRIPT = process.quote("./" .. ROOT .. "scripts/demo_openresty.sh")

local function output(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "*a"
  pipe:close()
  return text
end

local function has(program)
  return output("command -v " .. program) ~= ""
end

describe("the OpenResty page", function()
  local function unescape(text)
    return (text:gsub("&lt;", "<"):gsub("&gt;", ">"):gsub("&amp;", "&"))
  end

  for _, scheme in ipairs { { "1", "light", false }, { "0", "dark", true } } do
    it("fits phones and desktops, and can be read and used: " .. scheme[2], function()
      if not has "chromium" then return pending "chromium is not installed" end
      local dom = output(SCRIPT .. " --browse " .. scheme[1] .. " 2>/dev/null")
      local views = cjson.decode(unescape(dom:match '<pre id="result">(.-)</pre>' or error(dom)))
      assert.equal(2, #views)
      assert.truthy(dom:find "asked: 0\n") -- server-sent events told them all
      for _, view in ipairs(views) do
        assert.same({ false, false }, { view.overflows, view.outside })
        assert.is_true(view.contrast >= 4.5, ("contrast %.2f"):format(view.contrast))
        assert.same({ "boris", "anna" }, { view.names[1], view.names[2] }) -- who waits longest
        assert.same({ "99+: 99+ messages", "8: 8 messages" }, view.badges)
        assert.same({ true, true, true, 2 }, { view.closed, view.focused, view.opened,
          view.buttons })
        assert.truthy(view.waits:find " has been waiting for .*%d+ %l+$", view.waits)
        assert.truthy(view.why:find "messages", view.why)
        assert.truthy(view.updated:find "^updated at %d", view.updated)
        assert.equal(scheme[3], view.dark)
        assert.equal(scheme[3] and "22,24,28" or "244,245,247", view.page)
      end
    end)
  end

  it("shows each person only his own numbers, where people log in", function()
    local pages = output(SCRIPT .. " --login 2>/dev/null")
    local anna = cjson.decode(pages:match "== anna:pw\n(%b{})" or error(pages))
    assert.equal("8", anna.anna.badge)
    assert.is_nil(anna.boris)
    for _, case in ipairs { { "nobody:", 401 }, { "anna:guess", 401 }, { "stranger:pw", 403 },
      { "anna asks for boris", 404 } } do
      local code = tonumber(pages:match("== " .. case[1] .. "\n.-\n?(%d%d%d)\n"))
      assert.equal(case[2], code)
    end
    assert.is_nil(pages:find("boris\":", 1, true))
  end)
end)
