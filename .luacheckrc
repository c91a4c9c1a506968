std = "max"
max_line_length = 125
files["spec/*_spec.lua"].std = "max+busted"
files["lua/b24/meta.lua"].ignore = { "2" }
files["examples/openresty/*.lua"].globals = { "ngx" }
