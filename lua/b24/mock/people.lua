-- Who is who. Anybody with an id below a limit exists, with a name made from the id, until a test
-- says otherwise.

local php = require "b24.mock.php"

local clock = require "b24.mock.clock"

local people = {}

local FIRST_OUTSIDER = 9000 -- customers who write through an open line
local LIMIT = 100000 -- from here on nobody exists

local FIRST_NAMES = { "Anna", "Klaus", "Мария", "Noah", "Zoë", "Иван", "Lucía", "Ming",
  "Björn", "Aiko" }
local LAST_NAMES = { "Weber", "Müller", "Иванова", "O'Brien", "Öztürk", "Smith", "García", "李",
  "Østergård" }

local function mixed(id, names)
  return names[id % #names + 1]
end

---@class Person
---@field id integer
---@field name string
---@field first_name string
---@field last_name string
---@field active boolean
---@field connector boolean a customer, not a colleague

--- Somebody, as the user of these counters knows them. Nil when there is no such person.
---@param user table
---@param id integer
---@return Person?
function people.find(user, id)
  local told = user.people[id]
  if not told then
    if id < 1 or id >= LIMIT or id % 1 ~= 0 then return nil end
    told = {}
  end
  local name = told.name
  if not name and id >= FIRST_OUTSIDER then name = "Visitor " .. id end
  name = name or mixed(id, FIRST_NAMES) .. " " .. mixed(id, LAST_NAMES)
  local first, last = name:match("^(%S+) (.+)$")
  return { id = id, name = name, first_name = first or name, last_name = last or "",
    active = told.active ~= false, connector = id >= FIRST_OUTSIDER }
end

--- Changes somebody.
---@param user table
---@param id integer
---@param change { name: string?, active: boolean? }
function people.tell(user, id, change)
  local told = user.people[id] or {}
  for name, value in pairs(change) do told[name] = value end
  user.people[id] = told
end

--- A colleague or customer who writes in a chat; `n` chooses another one.
---@param chat table
---@param n integer
---@return integer
function people.author(chat, n)
  if chat.peer then return tonumber(chat.peer) end
  local id = tonumber(chat.id)
  if chat.kind == "line" then return FIRST_OUTSIDER + id % 500 end
  return 2 + (id * 7 + n) % 40
end

--- The departments, the company first.
people.DEPARTMENTS = { "Company", "Sales Department", "Marketing and Advertising Department", "R&D",
  "Accounting" }

--- Where somebody works.
---@param id integer
---@return integer
function people.department(id)
  return id == 1 and 1 or 1 + id % #people.DEPARTMENTS
end

---@param person Person
---@return string
function people.position(person)
  return person.connector and "" or "Manager"
end

---@param person Person
---@return string
function people.email(person)
  return person.connector and "" or "user" .. person.id .. "@example.test"
end

---@param person Person
---@return string
function people.gender(person)
  return person.id % 2 == 0 and "F" or "M"
end

--- When somebody was last here, in seconds since 1970.
---@param person Person
---@return integer
function people.seen(person)
  return os.time() - person.id % 1000 * 60
end

---@param person Person
---@return boolean
function people.is_online(person)
  return os.time() - people.seen(person) < 15 * 60
end

--- Every third colleague has none, nor have customers.
---@param person Person
---@return { work_phone: string?, personal_mobile: string?, inner_phone: string? }
function people.phones(person)
  if person.connector or person.id % 3 == 0 then return {} end
  return { work_phone = ("+1123%07d"):format(person.id),
    personal_mobile = ("+1555%07d"):format(person.id), inner_phone = tostring(100 + person.id) }
end

-- false when there are none: bitrix24/b24restdocs, api-reference/chats/users/im-user-get.md.
local function phones(person)
  local known = people.phones(person)
  return next(known) ~= nil and php.map("work_phone", known.work_phone,
    "personal_mobile", known.personal_mobile, "inner_phone", known.inner_phone)
end

--- The person as im.* methods show users.
---@param person Person
---@return table
function people.shape(person)
  return php.map("id", person.id, "active", person.active, "name", person.name,
    "first_name", person.first_name, "last_name", person.last_name,
    "work_position", people.position(person), "color", "#1eb4aa", "avatar", "", "avatar_hr", "",
    "gender", people.gender(person), "birthday", "", "extranet", false, "network", false,
    "bot", false, "connector", person.connector,
    "external_auth_id", person.connector and "imconnector" or "default", "status", "online",
    "idle", false, "last_activity_date", clock.iso(people.seen(person)),
    "mobile_last_date", false, "desktop_last_date", false, "absent", false,
    "departments", { people.department(person.id) }, "phones", phones(person), "bot_data", php.null,
    "type", "user", "website", "", "email", people.email(person))
end

return people
