/* The body of a request for a host in Lua: text, or a reader where files stand in it. And what may
   be asked of a file before. */
#include <string.h>

#include "lua/file.h"
#include "os/upload_file.h"

#define BODY_TYPE "b24.body " B24_VERSION
#define READ_MAX  (1u << 20) /* bytes at once */

struct body {
    struct b24_files *files;
    struct b24_body_reader reader;
    size_t n;
    char text[]; /* its own: the table of a request may outlive the call */
};

void b24L_push_body(lua_State *L, const struct b24_request *r) {
    if (r->files == NULL) {
        lua_pushlstring(L, r->body.p, r->body.n);
        return;
    }
    struct body *b = b24L_newobject(L, sizeof *b + r->body.n, BODY_TYPE);
    b->files = b24_files_keep(r->files);
    b->n = r->body.n;
    memcpy(b->text, r->body.p, b->n);
    b24_body_begin(&b->reader, (struct b24_view){b->text, b->n}, b->files);
}

static struct body *check(lua_State *L) {
    struct body *b = luaL_checkudata(L, 1, BODY_TYPE);
    if (b->files == NULL) luaL_error(L, "b24: this body is over");
    return b;
}

/* Bytes may have left by now, but no whole request. */
static int push_fault(lua_State *L, const struct b24_fault *fault) {
    lua_pushnil(L);
    lua_createtable(L, 0, 5);
    b24L_set_text(L, -1, "kind", b24_kind_name(fault->kind));
    b24L_set_text(L, -1, "code", fault->code);
    b24L_set_text(L, -1, "message", fault->message);
    b24L_set_text(L, -1, "hint", fault->hint);
    b24L_set_flag(L, -1, "sent", true);
    return 2;
}

/* body:read(n) -> at most n bytes | nil: the end | nil, failure {kind=, code=, message=, …} */
static int body_read(lua_State *L) {
    struct body *b = check(L);
    lua_Number most = luaL_checknumber(L, 2);
    luaL_argcheck(L, most >= 1 && most <= READ_MAX, 2, "bytes, at least 1");
    char *piece = lua_newuserdata(L, (size_t)most);
    size_t n = b24_body_read(&b->reader, piece, (size_t)most);
    if (b->reader.failed) return push_fault(L, &b->reader.fault);
    if (n == 0) return 0;
    lua_pushlstring(L, piece, n);
    return 1;
}

/* body:rewind(): for a request that is sent again */
static int body_rewind(lua_State *L) {
    struct body *b = check(L);
    b24_body_begin(&b->reader, (struct b24_view){b->text, b->n}, b->files);
    return 0;
}

/* codec.file_size(file [, method]) -> bytes | nil, message, info: what is wrong with it now */
int b24L_file_size(lua_State *L) {
    struct b24_fault fault;
    const char *path = b24L_file_path(L, 1), *method = luaL_optstring(L, 2, NULL);
    if (path == NULL)
        return b24L_throw(L, "a file is its path, or what b24.file made of it, not a %s",
                          luaL_typename(L, 1));
    struct b24_source *source = b24_upload_open(path, &fault);
    if (source == NULL) return b24L_push_fault(L, &fault, method);
    lua_Number size = (lua_Number)source->size;
    source->free(source);
    b24L_push_number(L, size);
    return 1;
}

static int body_gc(lua_State *L) {
    struct body *b = luaL_checkudata(L, 1, BODY_TYPE);
    b24_files_drop(b->files);
    b->files = NULL;
    return 0;
}

void b24L_open_body(lua_State *L) {
    static const luaL_Reg methods[] = {{"read", body_read}, {"rewind", body_rewind}, {NULL, NULL}};
    b24L_open_type(L, BODY_TYPE, body_gc, methods);
}
