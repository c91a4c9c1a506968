return {name="login",summary="x",define=function()end,run=function()return 0 end}
