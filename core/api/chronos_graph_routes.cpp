// SPDX-License-Identifier: MIT
//
// Entities and links, as Chronos' API has them (contracts 3.3, X32).
#include "core/api/chronos_routes.h"

namespace eventops::api {
namespace {

constexpr std::uint64_t RowsMax = 10'000;
constexpr auto Text = ParameterSpec::Kind::Text;

using Entity = TransformerOutput::EntityRef;

Error notStored(std::string_view what)
{
    return Error{Error::Code::Refused, std::string(what)};
}

/// Reads id and type; nothing: the refusal was sent.
std::optional<Entity> readEntity(const ApiCall &call)
{
    ChronosBody body(call);
    Entity entity{body.text("EntityID", true), body.text("EntityType", true)};
    return body.accepted() ? std::optional(std::move(entity)) : std::nullopt;
}

std::optional<TransformerOutput::LinkRef> readLink(const ApiCall &call)
{
    ChronosBody body(call);
    TransformerOutput::LinkRef link{body.text("SourceEntityID", true), body.text("DestinationEntityID", true)};
    if (!link.source.empty() && link.source == link.target)
        body.fault("DestinationEntityID", "an entity is not linked to itself", "value_error");
    return body.accepted() ? std::optional(std::move(link)) : std::nullopt;
}

void addEntityRoutes(Router &router, const ChronosTools &tools)
{
    const std::vector<ParameterSpec> members = {{"EntityID", Text, "Its id.", 0, 0, {}, true},
                                                {"EntityType", Text, "What it is.", 0, 0, {}, true}};
    Route create =
        chronosRoute("POST", "/chronos/api/v1/entities/", "Stores an entity.", true, [tools](const ApiCall &call) {
            const auto entity = readEntity(call);
            if (!entity)
                return;
            answerChronos(tools, call, true,
                          [entity = *entity, tenant = chronosTenant(call.caller)](
                              TransformStore &store, const TenantList &) -> Result<std::string> {
                              if (!EVENTOPS_TRY(store.addEntity(tenant, entity)))
                                  return notStored("there is an entity \"" + entity.id + '"');
                              return entityJson(entity);
                          });
        });
    create.body = members;
    router.add(std::move(create));
    router.add(chronosRoute("GET", "/chronos/api/v1/entities/", "All entities.", false, [tools](const ApiCall &call) {
        answerChronos(tools, call, false, [](TransformStore &store, const TenantList &tenants) -> Result<std::string> {
            return listJson(EVENTOPS_TRY(store.entities(tenants, RowsMax)),
                            [](const auto &one) { return entityJson(one.second); });
        });
    }));
    router.add(
        chronosRoute("GET", "/chronos/api/v1/entities/{entity_id}", "An entity.", false, [tools](const ApiCall &call) {
            answerChronos(tools, call, false,
                          [id = call.pathValue("entity_id")](TransformStore &store,
                                                             const TenantList &tenants) -> Result<std::string> {
                              return entityJson(EVENTOPS_TRY(store.entity(id, tenants)).second);
                          });
        }));
    Route update = chronosRoute(
        "PUT", "/chronos/api/v1/entities/{entity_id}", "Says what an entity is.", true, [tools](const ApiCall &call) {
            const auto given = readEntity(call);
            if (!given)
                return;
            answerChronos(tools, call, true,
                          [id = call.pathValue("entity_id"),
                           given = *given](TransformStore &store, const TenantList &tenants) -> Result<std::string> {
                              if (given.id != id)
                                  return Error{Error::Code::InvalidArgument,
                                               "EntityID differs from the one in the path; an id stays"};
                              const auto known = EVENTOPS_TRY(store.entity(id, tenants));
                              EVENTOPS_TRY(store.updateEntity(known.first, given));
                              return entityJson(given);
                          });
        });
    update.body = members;
    router.add(std::move(update));
    router.add(chronosRoute(
        "DELETE", "/chronos/api/v1/entities/{entity_id}", "Removes an entity.", true, [tools](const ApiCall &call) {
            answerChronos(tools, call, true,
                          [id = call.pathValue("entity_id")](TransformStore &store,
                                                             const TenantList &tenants) -> Result<std::string> {
                              const auto known = EVENTOPS_TRY(store.entity(id, tenants));
                              EVENTOPS_TRY(store.removeEntity(known.first, id));
                              return entityJson(known.second);
                          });
        }));
}

void addLinkChanges(Router &router, const ChronosTools &tools)
{
    const std::vector<ParameterSpec> members = {{"SourceEntityID", Text, "Where it begins.", 0, 0, {}, true},
                                                {"DestinationEntityID", Text, "Where it leads.", 0, 0, {}, true}};
    Route create =
        chronosRoute("POST", "/chronos/api/v1/links/", "Stores a directed link.", true, [tools](const ApiCall &call) {
            const auto link = readLink(call);
            if (!link)
                return;
            answerChronos(tools, call, true,
                          [link = *link, tenant = chronosTenant(call.caller)](
                              TransformStore &store, const TenantList &) -> Result<std::string> {
                              const auto stored = EVENTOPS_TRY(store.addLink(tenant, link));
                              return stored ? Result<std::string>(linkJson(*stored))
                                            : Result<std::string>(notStored("the link was not stored"));
                          });
        });
    create.body = members;
    router.add(std::move(create));
    Route update =
        chronosRoute("PUT", "/chronos/api/v1/links/{link_id}", "Changes a link.", true, [tools](const ApiCall &call) {
            const auto given = readLink(call);
            const auto id = given ? chronosId(call, "link_id") : std::nullopt;
            if (!id)
                return;
            answerChronos(
                tools, call, true,
                [id, given = *given](TransformStore &store, const TenantList &tenants) -> Result<std::string> {
                    RelationRow row = EVENTOPS_TRY(store.link(*id, tenants));
                    row.source = given.source;
                    row.target = given.target;
                    EVENTOPS_TRY(store.updateLink(row));
                    return linkJson(row);
                });
        });
    update.body = members;
    router.add(std::move(update));
    router.add(chronosRoute(
        "DELETE", "/chronos/api/v1/links/{link_id}", "Removes a link.", true, [tools](const ApiCall &call) {
            const auto id = chronosId(call, "link_id");
            if (!id)
                return;
            answerChronos(tools, call, true,
                          [id](TransformStore &store, const TenantList &tenants) -> Result<std::string> {
                              const RelationRow row = EVENTOPS_TRY(store.link(*id, tenants));
                              EVENTOPS_TRY(store.removeLink(*id));
                              return linkJson(row);
                          });
        }));
}

} // namespace

void addChronosGraphRoutes(Router &router, const ChronosTools &tools)
{
    addEntityRoutes(router, tools);
    addLinkChanges(router, tools);
    router.add(chronosRoute("GET", "/chronos/api/v1/links/", "All links.", false, [tools](const ApiCall &call) {
        answerChronos(tools, call, false, [](TransformStore &store, const TenantList &tenants) -> Result<std::string> {
            return listJson(EVENTOPS_TRY(store.links(tenants, RowsMax)), linkJson);
        });
    }));
    router.add(chronosRoute("GET", "/chronos/api/v1/links/{link_id}", "A link.", false, [tools](const ApiCall &call) {
        const auto id = chronosId(call, "link_id");
        if (!id)
            return;
        answerChronos(tools, call, false,
                      [id](TransformStore &store, const TenantList &tenants) -> Result<std::string> {
                          return linkJson(EVENTOPS_TRY(store.link(*id, tenants)));
                      });
    }));
}

} // namespace eventops::api
