/* lua/inbox.h: what the files about people's messages share. They read Lua tables, as JSON gave
   them: any member may be missing or of another type than documented. */
#ifndef B24_LUA_INBOX_H
#define B24_LUA_INBOX_H

#include "lua/binding.h"

B24_PRIVATE_BEGIN

#define B24_DIALOG_ID_MAX 24 /* "chat" and the 20 digits of 2^64 */

/* ---- lua_fields.c. `table` is a stack index; where there is no table, there are no members. All
 * raw. */

/* [0, +1] and LUA_T…; nil for b24.null too. */
int b24L_get_member(lua_State *L, int table, const char *name);

/* [0, 0] An integral number, or one in a decimal string. */
bool b24L_member_count(lua_State *L, int table, const char *name, lua_Number *value);

/* [0, 0] A date, in seconds since 1970. */
bool b24L_member_date(lua_State *L, int table, const char *name, double *seconds);

/* [0, 0] A boolean that is there and is `wanted`. */
bool b24L_member_is(lua_State *L, int table, const char *name, bool wanted);

/* [0, 0] target[to] = source[from], if that is a string with something in it. */
bool b24L_copy_member(lua_State *L, int target, const char *to, int source, const char *from);

/* [0, 0] The id at `index` (a number or decimal digits) as a dialog id: behind "chat", or alone if
   it is a `person`'s. False for others, such as "" and 0. */
bool b24L_to_dialog_id(lua_State *L, int index, bool person, char id[B24_DIALOG_ID_MAX + 1]);

/* [0, 0] The member as such a dialog id; "chat18" is taken as it is. */
bool b24L_member_dialog_id(lua_State *L, int table, const char *name, bool person,
                           char id[B24_DIALOG_ID_MAX + 1]);

/* ---- lua_inbox.c */

/* [0, +1] All dialogs that the counters at `counters` name, by dialog id. */
void b24L_push_waiting(lua_State *L, int counters);

/* [0, +1] The kind of the chat at `chat` ("lines", "tasks", …); nil: the portal does not say. */
void b24L_push_chat_kind(lua_State *L, int chat);

/* Does a chat of this kind, with unread messages, stand in the list of recent chats unless it was
   hidden? Comments never do; a line that nobody has answered yet counts 1, but is not listed as
   unread. */
bool b24L_kind_is_listed(const char *kind);

/* Did the user `me` (0: unknown) write it himself, in the dialog of `entry`? Notes to himself wait
 * like others'. */
bool b24L_is_own(lua_State *L, int entry, lua_Number author, lua_Number me);

/* Is the chat at `chat` muted by the user `me` (0: unknown)? */
bool b24L_chat_muted(lua_State *L, int chat, lua_Number me);

/* [0, 0] Sets the functions of these files in the table on top. */
void b24L_open_inbox(lua_State *L);

/* ---- lua_inbox_ask.c, lua_messages.c, lua_why.c */

int b24L_inbox_questions(lua_State *L);
int b24L_inbox_answers(lua_State *L);
int b24L_messages(lua_State *L);
int b24L_date(lua_State *L);
int b24L_why(lua_State *L);

B24_PRIVATE_END
#endif
