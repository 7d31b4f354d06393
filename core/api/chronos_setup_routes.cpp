// SPDX-License-Identifier: MIT
//
// Sources and transformers, as Chronos' API has them (contracts C5, C6, C7, C11, X29, X33).
#include "core/api/chronos_routes.h"

#include "core/base/json.h"

#include <algorithm>

namespace eventops::api {
namespace {

constexpr std::string_view ContentTypes[] = {"application/json", "text/plain", "application/octet-stream"};
constexpr std::size_t NameCharactersMax = 255;
constexpr auto Text = ParameterSpec::Kind::Text;
constexpr auto Object = ParameterSpec::Kind::Object;

/// Members of a transformer's body that are everybody's; all others are its type's.
constexpr std::string_view Common[] = {"TransformerName", "TransformerType", "Description",  "SourceID",
                                       "ProcessType",     "IsActive",        "TransformerID"};

std::string nameOf(ChronosBody &body, std::string_view member)
{
    std::string name = body.text(member, true);
    if (name.size() > NameCharactersMax)
        body.fault(member, "longer than 255 bytes", "value_error.any_str.max_length");
    return name;
}

TransformSource readSource(ChronosBody &body)
{
    TransformSource source;
    source.name = nameOf(body, "SourceName");
    source.description = body.text("Description");
    source.contentType = body.text("EventFormatType", true);
    if (std::find(std::begin(ContentTypes), std::end(ContentTypes), source.contentType) == std::end(ContentTypes)
        && !source.contentType.empty())
        body.fault("EventFormatType", "use application/json, text/plain or application/octet-stream",
                   "value_error.const");
    return source;
}

/// The class that upstream would ask for, where it is known.
std::string classOf(const ChronosTools &tools, const std::string &scriptPath)
{
    for (const auto &mapping : tools.shipped) {
        if (!mapping->script().empty() && mapping->script() == scriptName(scriptPath))
            return mapping->className();
    }
    return {};
}

TransformerRow readTransformer(const ChronosTools &tools, ChronosBody &body)
{
    TransformerRow row;
    row.name = nameOf(body, "TransformerName");
    row.type = nameOf(body, "TransformerType");
    row.description = body.text("Description");
    row.source = body.integer("SourceID", true);
    row.process = body.text("ProcessType");
    row.active = body.boolean("IsActive", true);
    const bool isPython = row.type == "PythonTransformer";
    const std::string script = isPython ? body.text("ScriptPath", true) : std::string();
    row.settings.clear();
    JsonWriter json(row.settings);
    json.beginObject();
    std::string scratch, value;
    std::string_view name, raw;
    JsonItems items(body.document());
    while (items.next(name, raw)) {
        const std::string_view member = jsonUnescape(name, scratch);
        if (std::find(std::begin(Common), std::end(Common), member) != std::end(Common) || member == "ClassName")
            continue;
        value.clear();
        appendJsonCompact(value, raw);
        json.key(member).raw(value);
    }
    if (isPython) {
        const std::string given = body.text("ClassName");
        json.field("ClassName", given.empty() ? classOf(tools, script) : given);
    }
    json.endObject();
    return row;
}

/// Compiled once before it is stored, so that what cannot work is told to who writes it.
bool checked(const ChronosTools &tools, const TransformerRow &row, ChronosBody &body)
{
    if (!body.accepted())
        return false;
    if (tools.desk == nullptr)
        return true; // said where it is stored
    const Status status = tools.desk->check({row.type, row.settings});
    if (!status)
        body.fault(status.error().code == Error::Code::NotFound ? "TransformerType" : "TransformerScript",
                   status.error().text(), "value_error");
    return body.accepted();
}

std::vector<ParameterSpec> sourceMembers()
{
    return {{"SourceName", Text, "As events name it in x-event-source.", 0, 0, {}, true},
            {"EventFormatType",
             Text,
             "Content type of its events.",
             0,
             0,
             {std::begin(ContentTypes), std::end(ContentTypes)},
             true},
            {"Description", Text, "For people."}};
}

void addSources(Router &router, const ChronosTools &tools)
{
    Route create =
        chronosRoute("POST", "/chronos/api/v1/sources/", "Registers a source of raw events: a name and a content type.",
                     true, [tools](const ApiCall &call) {
                         ChronosBody body(call);
                         TransformSource source = readSource(body);
                         if (!body.accepted())
                             return;
                         source.tenant = chronosTenant(call.caller);
                         answerChronos(tools, call, true,
                                       [source](TransformStore &store, const TenantList &) -> Result<std::string> {
                                           return sourceJson(EVENTOPS_TRY(store.addSource(source)));
                                       });
                     });
    create.body = sourceMembers();
    router.add(std::move(create));
    router.add(chronosRoute("GET", "/chronos/api/v1/sources/", "All sources.", false, [tools](const ApiCall &call) {
        answerChronos(tools, call, false, [](TransformStore &store, const TenantList &tenants) -> Result<std::string> {
            return listJson(EVENTOPS_TRY(store.sources(tenants)), sourceJson);
        });
    }));
    router.add(
        chronosRoute("GET", "/chronos/api/v1/sources/{source_id}", "A source.", false, [tools](const ApiCall &call) {
            const auto id = chronosId(call, "source_id");
            if (!id)
                return;
            answerChronos(tools, call, false,
                          [id](TransformStore &store, const TenantList &tenants) -> Result<std::string> {
                              return sourceJson(EVENTOPS_TRY(store.source(*id, tenants)));
                          });
        }));
    Route update = chronosRoute(
        "PUT", "/chronos/api/v1/sources/{source_id}", "Changes a source.", true, [tools](const ApiCall &call) {
            ChronosBody body(call);
            const TransformSource given = readSource(body);
            const auto id = body.accepted() ? chronosId(call, "source_id") : std::nullopt;
            if (!id)
                return;
            answerChronos(tools, call, true,
                          [id, given](TransformStore &store, const TenantList &tenants) -> Result<std::string> {
                              TransformSource source = EVENTOPS_TRY(store.source(*id, tenants));
                              source.name = given.name;
                              source.contentType = given.contentType;
                              source.description = given.description;
                              EVENTOPS_TRY(store.updateSource(source));
                              return sourceJson(source);
                          });
        });
    update.body = sourceMembers();
    router.add(std::move(update));
    router.add(chronosRoute("DELETE", "/chronos/api/v1/sources/{source_id}", "Removes a source with its transformers.",
                            true, [tools](const ApiCall &call) {
                                const auto id = chronosId(call, "source_id");
                                if (!id)
                                    return;
                                answerChronos(
                                    tools, call, true,
                                    [id](TransformStore &store, const TenantList &tenants) -> Result<std::string> {
                                        const auto source = EVENTOPS_TRY(store.source(*id, tenants));
                                        EVENTOPS_TRY(store.removeSource(*id));
                                        return sourceJson(source);
                                    });
                            }));
}

std::vector<ParameterSpec> transformerMembers()
{
    return {{"TransformerName", Text, "For people.", 0, 0, {}, true},
            {"TransformerType", Text, "What it is written in.", 0, 0, {"JSONTransformer", "PythonTransformer"}, true},
            {"SourceID", Text, "Number of the source whose events it takes.", 0, 0, {}, true},
            {"Description", Text, "For people."},
            {"ProcessType", Text, "For people."},
            {"IsActive", Text, "true, unless said otherwise."},
            {"ScriptPath", Text, "PythonTransformer: its module."},
            {"ClassName", Text, "PythonTransformer: its class; found out where it is missing."},
            {"TransformerScript", Object,
             "JSONTransformer: eventType, entityId, entityType, severity, message; each "
             "a path such as $.a.b, or a fixed text."},
            {"MatchingEntity", Text, "JSONTransformer: key or value, of what stands at MatchingPath."},
            {"MatchingPath", Text, "JSONTransformer: dotted path."},
            {"MatchingValue", Text, "JSONTransformer: what must stand there."},
            {"EventMappings", Object, "JSONTransformer: list of {from, to}."},
            {"EntityPath", Text, "JSONTransformer: dotted path of the entity's id."},
            {"EntityType", Text, "JSONTransformer: what the entity is."},
            {"EventType", Text, "JSONTransformer: template with {a.b} and {$EntityID}."},
            {"Message", Text, "JSONTransformer: template."},
            {"Severity", Text, "JSONTransformer: template."},
            {"Relations", Object, "JSONTransformer: list of {from, to, fromType, toType}."}};
}

void addTransformerChanges(Router &router, const ChronosTools &tools)
{
    Route create = chronosRoute(
        "POST", "/chronos/api/v1/transformers/", "Registers a transformer of a source.", true,
        [tools](const ApiCall &call) {
            ChronosBody body(call);
            TransformerRow row = readTransformer(tools, body);
            if (!checked(tools, row, body))
                return;
            answerChronos(tools, call, true,
                          [row](TransformStore &store, const TenantList &tenants) mutable -> Result<std::string> {
                              row.tenant = EVENTOPS_TRY(store.source(row.source, tenants)).tenant;
                              return transformerJson(EVENTOPS_TRY(store.addTransformer(row)));
                          });
        });
    create.body = transformerMembers();
    router.add(std::move(create));
    Route update = chronosRoute(
        "PUT", "/chronos/api/v1/transformers/{transformer_id}", "Changes a transformer.", true,
        [tools](const ApiCall &call) {
            ChronosBody body(call);
            TransformerRow row = readTransformer(tools, body);
            const auto id = checked(tools, row, body) ? chronosId(call, "transformer_id") : std::nullopt;
            if (!id)
                return;
            answerChronos(tools, call, true,
                          [id, row](TransformStore &store, const TenantList &tenants) mutable -> Result<std::string> {
                              const TransformerRow before = EVENTOPS_TRY(store.transformer(*id, tenants));
                              const TransformSource source = EVENTOPS_TRY(store.source(row.source, tenants));
                              if (source.tenant != before.tenant)
                                  return Error{Error::Code::InvalidArgument, "the source is another tenant's"};
                              row.id = *id;
                              row.tenant = before.tenant;
                              EVENTOPS_TRY(store.updateTransformer(row));
                              return transformerJson(row);
                          });
        });
    update.body = transformerMembers();
    router.add(std::move(update));
    router.add(chronosRoute("DELETE", "/chronos/api/v1/transformers/{transformer_id}", "Removes a transformer.", true,
                            [tools](const ApiCall &call) {
                                const auto id = chronosId(call, "transformer_id");
                                if (!id)
                                    return;
                                answerChronos(
                                    tools, call, true,
                                    [id](TransformStore &store, const TenantList &tenants) -> Result<std::string> {
                                        const auto row = EVENTOPS_TRY(store.transformer(*id, tenants));
                                        EVENTOPS_TRY(store.removeTransformer(*id));
                                        return transformerJson(row);
                                    });
                            }));
}

void addTransformerReads(Router &router, const ChronosTools &tools)
{
    router.add(
        chronosRoute("GET", "/chronos/api/v1/transformers/", "All transformers.", false, [tools](const ApiCall &call) {
            answerChronos(tools, call, false,
                          [](TransformStore &store, const TenantList &tenants) -> Result<std::string> {
                              return listJson(EVENTOPS_TRY(store.transformers(0, tenants)), transformerJson);
                          });
        }));
    router.add(chronosRoute("GET", "/chronos/api/v1/transformers/source/{source_id}", "The transformers of a source.",
                            false, [tools](const ApiCall &call) {
                                const auto id = chronosId(call, "source_id");
                                if (!id)
                                    return;
                                answerChronos(
                                    tools, call, false,
                                    [id](TransformStore &store, const TenantList &tenants) -> Result<std::string> {
                                        return listJson(*id == 0 ? std::vector<TransformerRow>()
                                                                 : EVENTOPS_TRY(store.transformers(*id, tenants)),
                                                        transformerJson);
                                    });
                            }));
    router.add(chronosRoute(
        "GET", "/chronos/api/v1/transformers/{transformer_id}", "A transformer.", false, [tools](const ApiCall &call) {
            const auto id = chronosId(call, "transformer_id");
            if (!id)
                return;
            answerChronos(tools, call, false,
                          [id](TransformStore &store, const TenantList &tenants) -> Result<std::string> {
                              return transformerJson(EVENTOPS_TRY(store.transformer(*id, tenants)));
                          });
        }));
}

} // namespace

void addChronosSetupRoutes(Router &router, const ChronosTools &tools)
{
    addSources(router, tools);
    addTransformerChanges(router, tools);
    addTransformerReads(router, tools);
}

} // namespace eventops::api
