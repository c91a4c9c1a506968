return {name="doctor",summary="x",define=function()end,run=function()return 0 end}
