--- b24.why: the words for the numbers of codec.why_parts.

local codec = require "b24.codec"
local blame = codec.blame

local function plural(n, one, many)
  return n == 1 and "1 " .. one or ("%d %s"):format(n, many or one .. "s")
end

-- What may be said besides: the number's name, and the words for one and for several.
local FACTS = {
  { "lines", "1 of the messages is in open lines", "%d of the messages are in open lines" },
  { "dismissed", "1 message is from a dismissed colleague",
    "%d messages are from dismissed colleagues" },
  { "marked", "1 dialog is only marked as unread", "%d dialogs are only marked as unread" },
  { "muted", "1 muted dialog is not in it", "%d muted dialogs are not in it" },
  { "capped", "1 dialog is at the cap of 100 (or more)",
    "%d dialogs are at the cap of 100 (or more)" },
  { "hidden", "1 dialog is not in the list of recent chats",
    "%d dialogs are not in the list of recent chats" },
  { "unknown", "the portal gives no name for 1 dialog",
    "the portal gives no names for %d dialogs" },
}

-- "1165 = 979 tasks + 52 notifications + 134 messages"
local function equation(parts)
  local sum = {}
  for _, name in ipairs { "task", "notification", "message" } do
    local n = parts[name .. "s"]
    if n then sum[#sum + 1] = plural(n, name) end
  end
  local rest = parts.rest or 0
  if rest > 0 then sum[#sum + 1] = rest .. " that the portal does not explain" end
  local text = table.concat(sum, " + ")
  if not parts.all then
    return "how many in all is unknown" .. (text ~= "" and "; known: " .. text or "")
  end
  if rest < 0 then
    return ("%d, though the parts make %d: %s"):format(parts.all, parts.all - rest, text)
  end
  return text == "" and tostring(parts.all) or parts.all .. " = " .. text
end

local why = {}

---@param counters b24.counters
---@param inbox? b24.inbox
---@return string
function why.text(counters, inbox)
  if type(counters) ~= "table" then
    blame("b24: counters must be a table, not a " .. type(counters))
  end
  if inbox ~= nil and type(inbox) ~= "table" then
    blame("b24: inbox must be a table, not a " .. type(inbox))
  end
  local parts = codec.why_parts(counters, inbox)
  local lines = { equation(parts) }
  for _, fact in ipairs(FACTS) do
    local n = parts[fact[1]]
    if n then lines[#lines + 1] = n == 1 and fact[2] or fact[3]:format(n) end
  end
  if parts.notifications_capped then
    lines[#lines + 1] = "the notifications are at the cap of 100 (or more)"
  end
  return table.concat(lines, "\n")
end

return why
