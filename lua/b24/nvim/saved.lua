--- The last known numbers, kept for the next start of the editor: counts only, in a private file.

local options = require "b24.nvim.options"

local saved = {}

local uv = vim.uv or vim.loop
local PRIVATE = 384 -- 0600
local PRIVATE_DIR = "0700"
local LONGEST = 4096 -- bytes; ours has a few hundred
local TOO_OLD = 24 * 3600 -- seconds

local function folder()
  local has, path = pcall(vim.fn.stdpath, "state") -- from 0.8 on
  return (has and path or vim.fn.stdpath "cache") .. "/b24"
end

-- Accounts do not see each other's numbers. The name tells nothing but the profile's.
local function file()
  local conf = options.get "conf"
  if type(conf) == "table" and type(conf.profile) == "string" then
    return folder() .. "/badge." .. conf.profile:gsub("[^%w_-]", "_")
  end
  if conf ~= nil then return nil end -- an account without a name
  local profile = os.getenv "B24_PROFILE"
  return folder() .. "/badge" .. (profile and profile ~= "" and "." .. profile:gsub("[^%w_-]", "_")
    or "")
end

local function load(path)
  local fd = uv.fs_open(path, "r", PRIVATE)
  if not fd then return nil end
  local text = uv.fs_read(fd, LONGEST, 0)
  uv.fs_close(fd)
  local good, value = pcall(vim.json.decode, text or "")
  return good and type(value) == "table" and value or nil
end

--- The badge and the totals of an earlier session; nil: none of today.
---@return {badge: string, totals: table}?
function saved.read()
  local path = file()
  local value = path and load(path)
  if not value or type(value.badge) ~= "string" or #value.badge > 8
      or type(value.at) ~= "number" then
    return nil
  end
  if os.time() - value.at > TOO_OLD or value.at > os.time() then return nil end
  return { badge = value.badge, totals = type(value.totals) == "table" and value.totals or nil }
end

local function store(path, text)
  vim.fn.mkdir(folder(), "p", PRIVATE_DIR)
  local new = ("%s.%d"):format(path, uv.os_getpid())
  local fd = uv.fs_open(new, "w", PRIVATE)
  if not fd then return end
  local written = uv.fs_write(fd, text, 0)
  uv.fs_close(fd)
  if written ~= #text or not uv.fs_rename(new, path) then uv.fs_unlink(new) end
end

--- Keeps them. A folder that cannot be written costs the next start its first number, and nothing
--- else.
---@param value {badge: string, totals: table}
function saved.write(value)
  local path = file()
  if not path then return end
  pcall(store, path, vim.json.encode { badge = value.badge, totals = value.totals, at = os.time() })
end

return saved
