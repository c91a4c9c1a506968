/* Which calls only read, and may so be sent again when it is not known whether they ran. */
#include <string.h>

#include "base/ascii.h"
#include "base/url.h"
#include "rest/method.h"
#include "json/document.h"

/* The vendor's documentation of August 2026 (github.com/bitrix-tools/b24-rest-docs), gone through
   method by method: 1,685 names. What is in none of these tables writes, as far as we know, and is
   never repeated on our own account. */

/* Last words of methods that only read, in lower case as all that is compared. Words that begin
   with "get" are listed as well: a module's own getOrCreate must not be taken for a question. */
static const char *const reading_words[] = {"get",
                                            "list",
                                            "fields",
                                            "search",
                                            "count",
                                            "current",
                                            "types",
                                            "tail",
                                            "download",
                                            "getlist",
                                            "getfields",
                                            "getfieldsbyfilter",
                                            "getfieldsbytype",
                                            "getfieldscatalogproduct",
                                            "getadditionalfields",
                                            "getbyid",
                                            "getbyentitytypeid",
                                            "gettypes",
                                            "getroundtypes",
                                            "getstoredocumenttypes",
                                            "getmanifest",
                                            "getmanifestfile",
                                            "getrepository",
                                            "getcontent",
                                            "getcontentfromrepository",
                                            "getrights",
                                            "getsettings",
                                            "getaccess",
                                            "gettasks",
                                            "getstages",
                                            "getchildren",
                                            "getversions",
                                            "getfolders",
                                            "getfiles",
                                            "getdata",
                                            "getdescription",
                                            "getdependson",
                                            "getallowedactions",
                                            "getallowedtaskactionsasstrings",
                                            "getlanguages",
                                            "getlistlangs",
                                            "getavailablefeaturesbyproperty",
                                            "getavailableforpayment",
                                            "getorderownertypes",
                                            "gettranscript",
                                            "getcontext",
                                            "getlastid",
                                            "getmany",
                                            "getwithvoted",
                                            "getanswervoted",
                                            "getpagelist",
                                            "getsitelist",
                                            "getsiteref",
                                            "getlandingref",
                                            "getpreview",
                                            "getpublicurl",
                                            "getmenubindings",
                                            "getgroupbindings",
                                            "getspecialpage",
                                            "statuslist",
                                            "listforitem",
                                            "listfortype",
                                            "listcontacts",
                                            "listemployees",
                                            "isactionallowed",
                                            "isenabled",
                                            "isexists",
                                            "isoffers"};

/* Methods that read though their last word alone does not say so. */
static const char *const reading[] = {"access.name",
                                      "app.info",
                                      "bizproc.workflow.instances",
                                      "calendar.event.get.nearest",
                                      "catalog.document.mode.status",
                                      "crm.dealcategory.status",
                                      "crm.duplicate.findbycomm",
                                      "crm.enum.activitydirection",
                                      "crm.enum.activitynotifytype",
                                      "crm.enum.activitypriority",
                                      "crm.enum.activitystatus",
                                      "crm.enum.activitytype",
                                      "crm.enum.addresstype",
                                      "crm.enum.contenttype",
                                      "crm.enum.ownertype",
                                      "crm.enum.settings.mode",
                                      "crm.requisite.preset.countries",
                                      "crm.requisite.preset.field.availabletoadd",
                                      "crm.status.entity.items",
                                      "events",
                                      "humanresources.employee.multidepartment",
                                      "humanresources.employee.subordinates",
                                      "humanresources.node.children",
                                      "imconnector.status",
                                      "landing.landing.resolveidbypublicurl",
                                      "landing.repo.checkcontent",
                                      "landing.site.fullexport",
                                      "lists.element.get.file.url",
                                      "lists.get.iblock.type.id",
                                      "log.blogpost.getusers.important",
                                      "mail.mailbox.senders",
                                      "mail.message.thread",
                                      "methods",
                                      "profile",
                                      "rest.documentation.openapi",
                                      "scope",
                                      "server.time",
                                      "sonet_group.feature.access",
                                      "sonet_group.user.groups",
                                      "task.stages.canmovetask",
                                      "telephony.externalcall.searchcrmentities",
                                      "timeman.networkrange.check",
                                      "timeman.settings",
                                      "timeman.status",
                                      "user.access",
                                      "user.admin",
                                      "user.counters",
                                      "userconsent.agreement.text",
                                      "voximplant.sip.connector.status",
                                      "voximplant.sip.status"};

/* Methods that write though their last word sounds like reading. */
static const char *const writing[] = {
    "disk.storage.getforapp",      /* docs: creates the storage if there is none */
    "disk.file.getexternallink",   /* modules/disk, rest/service: creates a public link if there is
                                      none */
    "disk.folder.getexternallink", /* the same */
    "crm.invoice.getexternallink", /* docs: a public link */
    "im.disk.folder.get",  /* modules/im, CIMDisk::GetFolderModel: creates the chat's folder */
    "im.notify.read.list", /* docs: marks this list of notifications as read */
    "salescenter.payment.getpublicurl" /* docs: generates the link */
};

/* modules/rest, eventOfflineGet: marks the events that it returns with a new process_id, and
   deletes them unless clear = 0. So without a process_id of the caller's a repeated request takes
   the next events, and those of the lost answer stay behind, marked. With clear = 0 and a
   process_id it only reads what that process has. What else hands out events (im.v2.Event.get,
   imbot.v2.Event.get) takes them off only by the next call's `offset`. */
#define OFFLINE_EVENTS "event.offline.get"

static bool is_in(struct b24_view name, const char *const *list, size_t n) {
    for (size_t i = 0; i < n && name.n > 0; i++)
        if (b24_lower(name.p[0]) == list[i][0] && b24_same_text(name, list[i])) return true;
    return false;
}

#define IN(name, list) is_in(name, list, sizeof(list) / sizeof *(list))

/* 0, "0" or false: what PHP's intval makes 0, of what somebody who means 0 would write. */
static bool is_zero(const cJSON *v) {
    return cJSON_IsFalse(v) || (cJSON_IsNumber(v) && v->valuedouble == 0) ||
           (cJSON_IsString(v) && strcmp(v->valuestring, "0") == 0);
}

/* PHP takes any value but null for a process_id; nobody would write anything but these. */
static bool is_text(const cJSON *v) { return cJSON_IsString(v) || cJSON_IsNumber(v); }

/* Is there a parameter of this name, and is it good? The portal does not look at the case of the
   name; of several it takes one, so all must be. */
static bool all_good(const cJSON *params, const char *name, bool good(const cJSON *)) {
    bool given = false;
    for (const cJSON *m = cJSON_IsObject(params) ? params->child : NULL; m != NULL; m = m->next) {
        if (!b24_same_text(b24_view_of(m->string), name)) continue;
        if (!good(m)) return false;
        given = true;
    }
    return given;
}

static bool takes_no_events(struct b24_view params) {
    struct b24_json_error error;
    cJSON *root = b24_document_parse(params, B24_DEPTH_MAX, &error);
    bool none = all_good(root, "clear", is_zero) && all_good(root, "process_id", is_text);
    cJSON_Delete(root);
    return none;
}

bool b24_method_asks_params(struct b24_view method) {
    return b24_same_text(method, OFFLINE_EVENTS);
}

bool b24_method_reads(struct b24_view method, struct b24_view params) {
    size_t dot = method.n;
    if (b24_method_asks_params(method)) return takes_no_events(params);
    if (IN(method, writing)) return false;
    while (dot > 0 && method.p[dot - 1] != '.') dot--;
    struct b24_view word = {method.p + dot, method.n - dot};
    return (dot > 0 && IN(word, reading_words)) || IN(method, reading);
}
