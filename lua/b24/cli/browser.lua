--- The user's browser: opening it, and what it is answered when it comes back.

local browser = {}

local PAGE = [[
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>b24</title></head>
<body style="font-family: sans-serif; text-align: center; margin-top: 20vh">
<h1>%s</h1><p>%s</p></body></html>
]]

-- The address has the code in it: it is nobody else's business.
local HEAD = "HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n"
  .. "Connection: close\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
  .. "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n\r\n"

local function answer(status, title, words)
  local page = PAGE:format(title, words)
  return HEAD:format(status, #page) .. page
end

--- What a browser gets. `found`: what system.redirect made of its request.
---@param found table|false|nil
---@return string
function browser.page(found)
  if found then
    return answer("200 OK", "You can close this page", "b24 goes on in the terminal.")
  elseif found == false then
    return answer("404 Not Found", "Nothing here", "b24 waits for the portal's answer.")
  end
  return answer("400 Bad Request", "This log-in has failed", "The terminal says why.")
end

---@param s string
---@return string
function browser.escape(s)
  return (s:gsub("[^%w._~-]", function(c) return ("%%%02X"):format(c:byte()) end))
end

local function set(name)
  local value = os.getenv(name)
  return value and value ~= "" and value or nil
end

local function installed(program, condition)
  local pipe = io.popen((condition or "") .. "command -v " .. program .. " 2>/dev/null", "r")
  local path = pipe:read "*l"
  pipe:close()
  return path and program
end

--- The command that opens a browser where the user sits; nil: there is none. Over ssh without a
--- display there is none.
---@return string?
function browser.found()
  if set "BROWSER" then return "$BROWSER" end
  if set "WSL_DISTRO_NAME" then return installed "wslview" end
  if set "DISPLAY" or set "WAYLAND_DISPLAY" then return installed "xdg-open" end
  return not set "SSH_CONNECTION" and installed("open", "[ $(uname) = Darwin ] && ") or nil
end

--- Opens it, and waits for nothing: some browsers stay in the foreground.
---@param url string
function browser.open(url)
  os.execute(("( %s '%s' ) >/dev/null 2>&1 </dev/null &"):format(browser.found(),
    url:gsub("'", "'\\''")))
end

return browser
