-- What a portal tells the person who has started it by hand.

local words = {}

--- What a person wants to know of it.
---@param facts table
---@return string
function words.help(facts)
  local http = "http://127.0.0.1:" .. facts.http_port
  return table.concat({
    "webhook        " .. facts.webhook,
    "               " .. facts.http_webhook,
    "CA file        " .. facts.ca_file,
    "access token   " .. facts.token,
    "application    " .. facts.client_id,
    "its secret     " .. facts.client_secret,
    "log in to it   export B24_ALLOW_HTTP=1",
    "               b24 login --app --portal " .. http .. " --oauth-server " .. http
      .. " --client-id " .. facts.client_id,
    "try            curl --cacert " .. facts.ca_file .. " " .. facts.webhook .. "im.counters.get",
    "               curl " .. http .. "/__portal/message -d '{\"dialog_id\":\"5\"}'",
    "Ctrl-C ends it.",
  }, "\n")
end

return words
