--- The name that requires before 0.2 have. See nginx/poll.lua.
return require "b24.nginx.poll"
