--- What b24 watch tells people of a change: "14:03 Anna (chat Release): are you there?"

local messages = require "b24.api.messages"
local out = require "b24.cli.out"
local text = require "b24.cli.text"

local MOST = 5 -- messages of a dialog, and dialogs of a change, whose texts are asked for

local News = {}
News.__index = News

-- Counters have no names: they come from the inbox, and stay known when a dialog leaves it.
function News:learn()
  for _, d in ipairs(self.client:inbox { waiting = false } or {}) do
    if d.name then
      self.names[d.dialog_id] = (d.kind == "chat" and "chat " or "") .. text.line(d.name)
    end
  end
end

function News:name(change)
  if not change.dialog_id then return "notifications" end
  return self.names[change.dialog_id] or text.line(change.dialog_id)
end

local function now() return os.date "%H:%M" end

local function line(time, who, words)
  local said = ("%s %s: "):format(time, who)
  local room = out.width() - text.width(said)
  if room < math.huge then words = text.cut(words, math.max(20, room)) end
  return ("%s %s: %s"):format(time, out.bold(who), words)
end

-- A person's dialog has his name; whoever writes in a chat is named with it.
local function author(self, change, m)
  local who = text.line(messages.author(m))
  if change.section == "DIALOG" or not change.dialog_id:find "^chat" then return who end
  return ("%s (%s)"):format(who, self:name(change))
end

-- The new messages of a dialog; false: the portal does not tell them.
function News:messages(change, lines)
  local new = math.min((change.to or 0) - (change.from or 0), MOST)
  local list = self.client:messages(change.dialog_id, { limit = new })
  for _, m in ipairs(list or {}) do
    local time = m.date and os.date("%H:%M", m.date) or now()
    lines[#lines + 1] = line(time, author(self, change, m), text.line(m.plain))
  end
  return list and #list > 0
end

local function grows(change) return (change.to or 0) > (change.from or 0) end

--- A line for each new message, or for the dialog.
---@param changes table[] of dialogs, and of the notifications
---@return string[]
function News:lines(changes)
  local lines, asked = {}, 0
  for _, change in ipairs(changes) do
    if grows(change) and not self.names[change.dialog_id or ""] then
      self:learn()
      break
    end
  end
  for _, change in ipairs(changes) do
    local told = false
    if grows(change) and change.dialog_id and asked < MOST then
      asked = asked + 1
      told = self:messages(change, lines)
    end
    if not told then
      lines[#lines + 1] = ("%s %s [%s]"):format(now(), out.bold(self:name(change)),
        (change.to or 0) == 0 and "read" or ("%d unread"):format(change.to))
    end
  end
  return lines
end

---@param client b24.client
local function new(client)
  return setmetatable({ client = client, names = {} }, News)
end

return { new = new }
