--- The inbox through vim.ui.select: whoever has telescope, fzf or snacks there gets that picker.

local acts = require "b24.nvim.acts"
local layout = require "b24.nvim.layout"
local rows = require "b24.nvim.rows"

local pick = {}

local function line(entry)
  local text = ("%s (%d)"):format(rows.name(entry), entry.unread)
  local age = layout.age(entry.waiting, entry.at_least)
  if age ~= "" then text = text .. " " .. age end
  return entry.last_message and text .. "  " .. layout.plain(entry.last_message) or text
end

function pick.open()
  local client = acts.client()
  if not client then return end
  client:inbox(function(list, err, info)
    if not list then
      return vim.notify(info.hint and err .. "\n" .. info.hint or err, vim.log.levels.ERROR)
    end
    if #list == 0 then return vim.notify("Bitrix24: nobody is waiting", vim.log.levels.INFO) end
    local entries = { unpack(list) } -- pickers expect a plain list
    vim.ui.select(entries, { prompt = "Bitrix24: who is waiting", kind = "b24",
      format_item = line }, function(entry)
      if entry then require("b24.nvim.dialog").open(entry) end
    end)
  end)
end

return pick
