-- Without conf: the environment, then a file. Each runs in a child with its own environment.
-- One Lua of each kind: processes.

local cjson = require "cjson"
local data = require "spec.support.data"

local SECRET = "s3cr3t0fTheSpec"
local PATH = "/rest/1/" .. SECRET .. "/"

local home

local function child(env, argument)
  local text = data.lua(env, ([[
    local codec = require "b24.codec"
    local conf, message, info = codec.conf(%s)
    io.write(require "cjson".encode { url = conf and codec.request(conf, "profile").url,
      message = message, info = info, shown = tostring(conf) })]]):format(argument or "nil"))
  local ok, told = pcall(cjson.decode, text)
  assert(ok, text)
  return told
end

local function found(secret, env, argument)
  local told = child(env, argument)
  assert.is_truthy(told.url, told.message)
  assert.is_truthy(told.url:find("/rest/1/" .. secret .. "/profile", 1, true), told.url)
  assert.is_nil(data.leak(secret, told.shown))
end

local function not_found(env, argument)
  local told = child(env, argument)
  assert.is_nil(told.url)
  assert.equal("config", told.info.kind)
  assert.is_nil(data.leak(SECRET, told))
  return told.message .. " " .. (told.info.hint or "")
end

local function webhook(secret) return "https://portal.example/rest/1/" .. secret .. "/" end

describe("without conf", function()
  before_each(function() home = data.folder() end)
  after_each(function() data.remove_folder(home) end)

  local function file(name, mode, text)
    data.write(home .. "/" .. name, text or webhook("ofTheFile") .. "\n", mode or "600")
  end

  it("B24_WEBHOOK is asked first", function()
    file "b24/webhook"
    found("ofTheEnvironment", { B24_WEBHOOK = webhook "ofTheEnvironment", XDG_CONFIG_HOME = home })
  end)

  it("a bad B24_WEBHOOK is refused, not passed over and not shown", function()
    file "b24/webhook"
    not_found { B24_WEBHOOK = "http://portal.example" .. PATH, XDG_CONFIG_HOME = home }
  end)

  it("then the file in XDG_CONFIG_HOME", function()
    file "b24/webhook"
    found("ofTheFile", { XDG_CONFIG_HOME = home, HOME = "/nowhere" })
    file("b24/webhook", "600", webhook "ofTheFile") -- without line end
    found("ofTheFile", { XDG_CONFIG_HOME = home })
  end)

  it("else the file in ~/.config", function()
    file ".config/b24/webhook"
    found("ofTheFile", { HOME = home })
    found("ofTheFile", { HOME = home, XDG_CONFIG_HOME = "" })
  end)

  it("else both places are named", function()
    for _, env in ipairs { { HOME = home }, { XDG_CONFIG_HOME = home },
        { HOME = home, B24_WEBHOOK = "" } } do
      local text = not_found(env)
      assert.is_truthy(text:find("B24_WEBHOOK", 1, true), text)
      assert.is_truthy(text:find("b24/webhook", 1, true), text)
    end
  end)

  for _, mode in ipairs { "644", "640", "604", "660", "620", "602", "666" } do
    it("a file of mode 0" .. mode .. " is refused, and chmod is told", function()
      file("b24/webhook", mode, webhook(SECRET))
      local text = not_found { XDG_CONFIG_HOME = home }
      assert.is_truthy(text:find("chmod 600 " .. home .. "/b24/webhook", 1, true)
        or text:find("chmod 0600 " .. home .. "/b24/webhook", 1, true), text)
    end)
  end

  it("a link to a private file is fine, a link to an open one is not", function()
    file "b24/other"
    data.shell("ln -s " .. home .. "/b24/other " .. home .. "/b24/webhook")
    found("ofTheFile", { XDG_CONFIG_HOME = home })
    data.shell("chmod 644 " .. home .. "/b24/other")
    assert.is_truthy(not_found({ XDG_CONFIG_HOME = home }):find("chmod", 1, true))
  end)

  it("what is no file, or holds no webhook, is refused at once", function()
    local path = home .. "/b24/webhook"
    for _, make in ipairs { "mkdir -p " .. path, "mkfifo -m 600 " .. path,
        "ln -s webhook " .. path } do
      data.shell("mkdir -p " .. home .. "/b24 && " .. make)
      not_found { XDG_CONFIG_HOME = home }
      data.shell("rm -r " .. path)
    end
    for _, text in ipairs { "", "\n", "no webhook\n", SECRET, ("x"):rep(1000000),
        "\0" .. webhook(SECRET), "http://portal.example" .. PATH .. "\n" } do
      file("b24/webhook", "600", text)
      not_found { XDG_CONFIG_HOME = home }
    end
  end)

  if data.shell("id -u"):find("^0%s") then
    it("a file of another user is refused", function()
      file("b24/webhook", "600", webhook(SECRET))
      data.shell("chown 65534 " .. home .. "/b24/webhook")
      not_found { XDG_CONFIG_HOME = home }
    end)
  end

  it("a profile has a file of its own", function()
    file("b24/webhook.work", "600", webhook "ofTheProfile")
    file "b24/webhook"
    found("ofTheProfile", { XDG_CONFIG_HOME = home }, '{ profile = "work" }')
    found("ofTheProfile", { XDG_CONFIG_HOME = home, B24_PROFILE = "work" })
    found("ofTheFile", { XDG_CONFIG_HOME = home })
    local text = not_found({ XDG_CONFIG_HOME = home }, '{ profile = "home" }')
    assert.is_truthy(text:find("webhook.home", 1, true), text)
  end)

  it("a profile names no other folder", function()
    file "b24/webhook"
    file("webhook", "600", webhook(SECRET))
    for _, name in ipairs { "/../../webhook", "../webhook", "a/b", "", ".", "..", "a\\0b",
        "a\\nb" } do
      not_found({ XDG_CONFIG_HOME = home }, '{ profile = "' .. name .. '" }')
    end
  end)

  it("a conf table without credential never takes them", function()
    file("b24/webhook", "600", webhook(SECRET))
    for _, argument in ipairs { "{}", "{ timeout = 5 }",
        "{ portal = 'https://portal.example' }" } do
      not_found({ XDG_CONFIG_HOME = home, B24_WEBHOOK = webhook(SECRET) }, argument)
    end
  end)

  it("a webhook that is given is taken", function()
    found("given", { XDG_CONFIG_HOME = home, B24_WEBHOOK = webhook "ofTheEnvironment" },
      ("%q"):format(webhook "given"))
  end)

  it("http to loopback needs B24_ALLOW_HTTP=1", function()
    local portal = "http://127.0.0.1:8080/rest/1/ofThePortal/"
    found("ofThePortal", { B24_WEBHOOK = portal, B24_ALLOW_HTTP = "1" })
    not_found { B24_WEBHOOK = portal }
    not_found { B24_WEBHOOK = portal, B24_ALLOW_HTTP = "0" }
    not_found { B24_WEBHOOK = "http://portal.example" .. PATH, B24_ALLOW_HTTP = "1" }
  end)

  it("and without any environment nothing is thrown", function() child {} end)
end)
