--- Dialogs of an inbox as lines.

local text = require "b24.cli.text"

local rows = {}

local NAME_MAX, MESSAGE_MAX = 40, 50 -- columns

---@param d b24.waiting
---@return string
function rows.name(d)
  return text.cut(text.line(d.name or "(no name)"), NAME_MAX)
end

---@param d b24.waiting
---@return string "25 min", "over 3 h", "?"
function rows.waiting(d)
  return d.waiting and (d.at_least and "over " or "") .. text.duration(d.waiting) or "?"
end

--- The dialogs that are not muted, under a head; nothing when there are none.
---@param inbox b24.waiting[]
---@param with_messages? boolean
---@return string[] lines
function rows.table(inbox, with_messages)
  local list = { { "DIALOG", "NAME", "UNREAD", "WAITING",
    with_messages and "LAST MESSAGE" or nil } }
  for _, d in ipairs(inbox) do
    if not d.muted then
      list[#list + 1] = { text.line(d.dialog_id), rows.name(d), ("%d"):format(d.unread),
        rows.waiting(d),
        with_messages and text.cut(text.line(d.last_message or ""), MESSAGE_MAX) or nil }
    end
  end
  if #list == 1 then return {} end
  return text.columns(list, { [3] = true })
end

return rows
