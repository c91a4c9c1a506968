-- The messages of a dialog: what people see of them, and answers that are none.
local here = debug.getinfo(1, "S").source:match "^@(.*/)"
local tools = dofile(here .. "tools.lua")
local r = tools.report

local ODD = { "null", "false", "0", '""', "[]", "{}", '"text"', "-1" }

local function reply(method, result)
  tools.control("reply", { method = method, times = 1, body = '{"result":' .. result .. "}" })
end

local function open(id)
  require("b24.nvim.dialog").open { dialog_id = id, name = "Chat" }
  tools.wait(function() return not tools.text():find("Asking the portal", 1, true) end)
end

local function shows()
  tools.control("message", { dialog_id = "chat18", author_id = 5, count = 1,
    text = "[B]See[/B] [URL=https://a.example/x]the log[/URL][br]>>quoted" })
  tools.control("message", { dialog_id = "chat18", author_id = 5, count = 1, text = "",
    params = '{"FILE_ID":[9]}',
    files = '{"id":9,"name":"con\\u009btract\\u202e.pdf","type":"file","size":122880}' })
  open "chat18"
  r.text = tools.text()
  tools.press "q"
  tools.control("reply", { method = "im.user.list.get", times = 1, body = '{"result":[]}' })
  reply("im.dialog.messages.get", '{"messages":[{"id":5,"author_id":503,"text":"x"}],"users":[]}')
  open "chat18"
  r.stranger = tools.text()
  tools.press "q"
end

-- What each act says when the portal answers something else.
local function complains()
  local said = {}
  vim.notify = function(text) said[#said + 1] = text end
  vim.ui.input = function(_, done) done "hello" end
  r.shown, r.sent, r.read = {}, {}, {}
  for i, result in ipairs(ODD) do
    reply("im.dialog.messages.get", result)
    open "chat18"
    r.shown[i] = tools.text()
    for name, case in pairs { sent = { "a", "im.message.add" },
        read = { "r", "im.dialog.read" } } do
      reply(case[2], result)
      said = {}
      tools.press(case[1])
      tools.wait(function() return said[1] end)
      r[name][i] = said[1]
    end
    tools.press "q"
  end
end

local function harmless()
  local said
  vim.notify = function(text) said = text end
  tools.control("reply", { method = "im.dialog.read", times = 1, status = 400,
    body = '{"error":"X","error_description":"a\\u001b[2J\\u009b2J\\u202eb"}' })
  open "chat18"
  tools.press "r"
  tools.wait(function() return said end)
  r.said = said
end

tools.session(function()
  shows()
  complains()
  harmless()
end)
