--- What every client in Lua does: one call that is not counted; then, for every line on standard
--- input, n calls and a line with the CPU microseconds of one. (os.clock is the CPU time of the
--- process on every Unix: user + system, all threads.)
return function(n, call)
  call()
  for _ in io.lines() do
    local begun = os.clock()
    for _ = 1, n do call() end
    io.write(("%.3f\n"):format((os.clock() - begun) / n * 1e6))
    io.flush()
  end
end
