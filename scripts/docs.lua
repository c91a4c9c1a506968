--- make docs: writes what is made of the sources. spec/readme_spec.lua and spec/reference_spec.lua
--- fail when it has not been run.

for _, name in ipairs { "conf_table", "reference", "release_rockspec" } do
  for path, text in pairs(dofile("scripts/" .. name .. ".lua").files "") do
    if text.is ~= text.should then
      local file = assert(io.open(path, "wb"))
      file:write(text.should)
      file:close()
      print("written: " .. path)
    end
  end
end
