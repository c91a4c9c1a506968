-- Many dialogs at once, of all kinds and in all states, always the same ones: what a busy user's
-- inbox looks like.

local crowd = {}

-- The kinds of 20 dialogs in a row. A channel comes before the comments that belong to it.
local KINDS = {
  "chat", "dialog", "task", "dialog", "channel", "dialog", "comment", "line", "dialog", "chat",
  "dialog", "copilot", "dialog", "open", "task", "dialog", "collab", "chat", "dialog", "dialog",
}

local FIRST_PERSON, FIRST_CHAT = 2000, 20000
local SATURATED = 140 -- the first dialog has so many: newer servers say 100

---@class CrowdEntry
---@field dialog_id string
---@field kind string
---@field count integer
---@field title string? of the chat, or the person's name
---@field muted boolean
---@field marked boolean
---@field hidden boolean
---@field active boolean false: with somebody who was dismissed
---@field parent string? of a comment chat
---@field age integer seconds since the first unread message

-- The i-th dialog. The periods are primes, so that the states meet in all combinations.
local function entry(i, channel)
  local kind = KINDS[(i - 1) % #KINDS + 1]
  local person = kind == "dialog"
  local plain = i == 1 or kind == "comment"
  return {
    dialog_id = person and tostring(FIRST_PERSON + i) or "chat" .. FIRST_CHAT + i,
    kind = kind,
    count = i == 1 and SATURATED or i % 3 == 0 and 0 or 1 + i % 7,
    title = (person and "Person " or kind:gsub("^%l", string.upper) .. " ") .. i,
    muted = not plain and i % 11 == 0,
    marked = not plain and i % 17 == 0,
    hidden = not plain and i % 13 == 0,
    active = not (person and i % 9 == 0),
    parent = kind == "comment" and channel or nil,
    unanswered = kind == "line" and i % 40 == 8 or nil,
    age = SATURATED + i * 37,
  }
end

--- Adds the dialogs to a user's, the first one on top.
---@param user table
---@param count integer
---@param change fun(user: table, chat: table, fields: table)
---@return { entries: CrowdEntry[] }
function crowd.make(user, count, change)
  local entries, channel = {}, nil
  for i = 1, count do
    entries[i] = entry(i, channel)
    if entries[i].kind == "channel" then channel = tostring(FIRST_CHAT + i) end
  end
  for i = count, 1, -1 do
    local fields = entries[i]
    change(user, user:open(fields.dialog_id, fields.kind), fields)
  end
  return { entries = entries }
end

return crowd
