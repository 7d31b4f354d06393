// SPDX-License-Identifier: MIT
#include "core/api/settings_tree.h"

#include "core/yaml/yaml.h"

#include <algorithm>
#include <filesystem>

namespace eventops::api {
namespace {

constexpr const char *FileName = "settings.yaml";
constexpr std::string_view ApiPath = "/iac/openapi/karma-api/runtime";
constexpr std::string_view Methods[] = {"get", "put", "post", "delete", "patch"};

std::string lambdaPath(const std::string &nickname)
{
    return "/iac/lambda/" + nickname + "/runtime";
}

/// The member @p name of the setting @p entry; empty: it has none.
Result<std::string> settingMember(const SettingsTree::Entry &entry, std::string_view name)
{
    const Value value = EVENTOPS_TRY(parseYaml(entry.value, entry.origin)); // JSON is YAML
    const Value *member = value.isMap() ? value.find(name) : nullptr;
    if (!value.isMap() || (member != nullptr && !member->isScalar()))
        return Error{Error::Code::InvalidConfig,
                     entry.path + " is not a map with a text for " + std::string(name),
                     {entry.origin, 0, 0},
                     "for example " + entry.path + ": {" + std::string(name) + ": …}"};
    return member == nullptr ? std::string() : EVENTOPS_TRY(member->text());
}

/// "https://api.example/v1" → "/v1"
std::string pathOfUrl(const std::string &url)
{
    const std::size_t scheme = url.find("://");
    const std::size_t path = url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
    std::string out = path == std::string::npos ? std::string() : url.substr(path);
    while (out.ends_with('/'))
        out.pop_back();
    return out;
}

Result<std::string> firstServer(const Value &document)
{
    const Value *servers = document.find("servers");
    if (servers == nullptr || !servers->isList() || servers->items().empty())
        return std::string();
    const Value *url = servers->items().front().find("url");
    return url == nullptr ? std::string() : pathOfUrl(EVENTOPS_TRY(url->text()));
}

} // namespace

std::string SettingsTree::environmentName(const std::string &path)
{
    std::string name = "EVENTOPS_SETTING";
    for (const char c : path) {
        if (c == '/')
            name += "__";
        else
            name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : (c >= '0' && c <= '9') ? c : '_';
    }
    return name;
}

SettingsTree::Entry *SettingsTree::known(const std::string &path)
{
    const auto entry = std::find_if(m_entries.begin(), m_entries.end(), [&](const auto &e) { return e.path == path; });
    return entry == m_entries.end() ? nullptr : &*entry;
}

const SettingsTree::Entry *SettingsTree::find(const std::string &path) const
{
    const auto entry = std::find_if(m_entries.begin(), m_entries.end(), [&](const auto &e) { return e.path == path; });
    return entry == m_entries.end() ? nullptr : &*entry;
}

Result<SettingsTree> SettingsTree::load(const Workspace &workspace, const Environment &environment)
{
    SettingsTree tree;
    const std::string builtIn = "built in";
    tree.m_entries = {{lambdaPath("karma-graph-query"), R"({"handler":"karma-graph-query"})", builtIn},
                      {lambdaPath("karma-log-handler"), R"({"handler":"karma-log-handler"})", builtIn},
                      {std::string(ApiPath), R"({"document":"openapi/karma-api/openapi.yaml"})", builtIn}};
    const std::string path = file(workspace);
    std::error_code failed;
    if (std::filesystem::exists(path, failed)) {
        const Value document = EVENTOPS_TRY(loadYaml(path));
        if (!document.isMap())
            return document.error("the file is not a map of paths to values", std::string(ApiPath) + ": {document: …}");
        for (const auto &[name, value] : document.members()) {
            Entry *entry = tree.known(name);
            // Nicknames are whatever a description says: new ones may be added.
            const bool lambda = name.starts_with("/iac/lambda/") && name.ends_with("/runtime");
            if (entry == nullptr && !lambda)
                return value.error(name + " is read by nothing", "see: eventops settings");
            if (entry == nullptr)
                entry = &tree.m_entries.emplace_back(Entry{name, {}, {}});
            entry->value.clear();
            value.appendJson(entry->value);
            entry->origin = std::string(FileName) + ':' + std::to_string(value.keyWhere().line);
        }
    }
    for (Entry &entry : tree.m_entries) {
        const char *value = environment(environmentName(entry.path).c_str());
        if (value == nullptr)
            continue;
        const Value parsed = EVENTOPS_TRY(parseYaml(value, environmentName(entry.path)));
        entry.value.clear();
        parsed.appendJson(entry.value);
        entry.origin = "environment";
    }
    std::sort(tree.m_entries.begin(), tree.m_entries.end(),
              [](const Entry &a, const Entry &b) { return a.path < b.path; });
    return tree;
}

Result<std::vector<MountedOperation>> mountedOperations(const SettingsTree &settings, const std::string &dataDirectory)
{
    const SettingsTree::Entry *api = settings.find(std::string(ApiPath));
    const std::filesystem::path name = EVENTOPS_TRY(settingMember(*api, "document"));
    const std::string file = name.is_absolute() ? name.string() : dataDirectory + '/' + name.string();
    const Value document = EVENTOPS_TRY(loadYaml(file));
    const Value *paths = document.isMap() ? document.find("paths") : nullptr;
    if (paths == nullptr || !paths->isMap())
        return document.error("the file is no OpenAPI description: it has no paths", "see " + std::string(ApiPath));
    const std::string base = EVENTOPS_TRY(firstServer(document));
    std::vector<MountedOperation> out;
    for (const auto &[path, item] : paths->members()) {
        for (const auto &[method, operation] : item.members()) {
            const bool isMethod = std::find(std::begin(Methods), std::end(Methods), method) != std::end(Methods);
            const Value *given = isMethod && operation.isMap() ? operation.find("x-lambda-nickname") : nullptr;
            if (given == nullptr)
                continue;
            const std::string nickname = EVENTOPS_TRY(given->text());
            const SettingsTree::Entry *lambda = settings.find(lambdaPath(nickname));
            if (lambda == nullptr)
                return given->error("nothing says which handler \"" + nickname + "\" is",
                                    "put " + lambdaPath(nickname) + ": {handler: …} into settings.yaml");
            const std::string handler = EVENTOPS_TRY(settingMember(*lambda, "handler"));
            std::string upper = method;
            std::transform(upper.begin(), upper.end(), upper.begin(),
                           [](char c) { return static_cast<char>(c - 'a' + 'A'); });
            out.push_back({upper, base + path, nickname, handler});
            if (!base.empty())
                out.push_back({upper, path, nickname, handler});
        }
    }
    return out;
}

} // namespace eventops::api
