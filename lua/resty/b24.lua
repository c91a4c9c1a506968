--- The name that OpenResty's users look for. See b24/nginx/poll.lua.
return require "b24.nginx.poll"
