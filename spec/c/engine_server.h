/* engine_server.h: see engine_server.c. */
#ifndef ENGINE_SERVER_H
#define ENGINE_SERVER_H

/* Starts it; it ends with this process. The methods: "now" and "late" answer, "never" does not,
   "cut" stops in the middle of the header. Returns the port; 0: it cannot be started. Before there
   are threads. */
int engine_server(void);

#endif
