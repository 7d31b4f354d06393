// SPDX-License-Identifier: MIT
#include "core/config/pipeline_file.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/read_file.h"
#include "core/base/text.h"
#include "core/config/retention_section.h"
#include "core/filter/filter.h"
#include "core/yaml/yaml.h"
#include "core/pipeline/settings.h"

#include <sys/stat.h>

#include <algorithm>
#include <vector>

namespace eventops {
namespace {

constexpr FieldSpec PipelineFields[] = {
    {"pipeline", "string", "required", "The pipeline's name: pipeline: host-metrics"},
    {"description", "string", "", "One sentence."},
    {"lateness", "duration", "0s", "How far the watermark stays behind the newest event time."},
    {"sources", "list", "[]", "Where records come from: a list of `- name: {settings}`."},
    {"stages", "list", "[]", "What is done with them: a list of `- name: {settings}`."},
    {"ledger", "map", "{}", "Settings of the ledger."},
    {"retention", "map", "{}", "How long what streams bring in is kept."},
    {"executors", "map", "{}", "Kinds of executor and their settings."},
    {"sinks", "list", "[]", "Where events go besides the ledger: a list of `- name: {settings}`."},
};

constexpr FieldSpec LedgerFields[] = {
    {"keep_raw", "bool", "true", "Keep the raw bytes of stored records."},
};

constexpr std::size_t PipelineNodesMax = 500'000;
constexpr std::size_t PipelineBracketsMax = 500'000;
constexpr std::size_t NameBytesMax = 128;
constexpr std::size_t SinkNameBytesMax = 40;
constexpr std::int64_t SinkBatchMax = 5'000;
constexpr std::int64_t SinkTimeoutNsMin = NsPerSecond / 10, SinkTimeoutNsMax = 120 * NsPerSecond;

std::string directoryOf(const std::string &path)
{
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash + 1);
}

bool fileExists(const std::string &path)
{
    struct stat info = {};
    return ::stat(path.c_str(), &info) == 0;
}

/// Reads the files that settings name.
class FileLoader
{
public:
    FileLoader(const std::string &pipelinePath, const std::string &dataDirectory)
        : m_beside(directoryOf(pipelinePath)), m_data(dataDirectory)
    {
    }

    Result<Value> operator()(const Value &path)
    {
        const std::string name = EVENTOPS_TRY(path.text());
        if (name.empty() || name.find('\0') != std::string::npos)
            return path.error("expected a file name, found \"\"");
        if (++m_files > PipelineFilesMax)
            return tooMuch(path, "more than " + std::to_string(PipelineFilesMax) + " files");
        const std::string found = find(name);
        if (found.empty())
            return path.error("there is no file \"" + name + '"', "looked in " + places());
        const std::string text = EVENTOPS_TRY(readTextFile(found, PipelineFileBytesMax));
        if ((m_bytes += text.size()) > PipelineTextBytesMax / 2)
            return tooMuch(path, "more than " + std::to_string(PipelineTextBytesMax / 2) + " bytes of files");
        return found.ends_with(".csv") ? parseCsvTable(text, found) : parseYaml(text, found);
    }

private:
    static Error tooMuch(const Value &path, std::string message)
    {
        return Error{Error::Code::LimitExceeded, "the pipeline names " + std::move(message), path.where(), {}};
    }

    std::string find(const std::string &name) const
    {
        if (name.front() == '/')
            return fileExists(name) ? name : std::string();
        if (std::string beside = m_beside + name; fileExists(beside))
            return beside;
        if (m_data.empty())
            return {};
        std::string_view rest = name;
        while (rest.starts_with("../") || rest.starts_with("./"))
            rest.remove_prefix(rest.find('/') + 1);
        std::string shipped = m_data + '/' + std::string(rest);
        return fileExists(shipped) ? shipped : std::string();
    }

    std::string places() const
    {
        const std::string beside = m_beside.empty() ? "the current directory" : m_beside;
        return m_data.empty() ? beside : beside + " and " + m_data;
    }

    std::string m_beside;
    std::string m_data;
    std::size_t m_files = 0;
    std::size_t m_bytes = 0;
};

/// A list entry: `- name: {settings}` or just `- name`.
struct Entry {
    std::string name;
    Value settings;
    Location where;
};

Result<std::vector<Entry>> readEntries(const Value &list, std::string_view field, std::size_t max)
{
    if (list.items().size() > max)
        return Error{Error::Code::LimitExceeded, "more than " + std::to_string(max) + ' ' + std::string(field),
                     list.keyWhere(), {}};
    std::vector<Entry> out;
    for (const Value &item : list.items()) {
        if (item.isScalar()) {
            out.push_back({item.text().value(), Value::map({}, item.where()), item.where()});
            continue;
        }
        if (!item.isMap() || item.members().size() != 1)
            return item.error("an entry of \"" + std::string(field) + "\" must be one name and its settings",
                              "write `- name: {field: value}`, indented below the name when on lines of their own");
        const auto &[name, settings] = item.members().front();
        out.push_back({name, settings, settings.keyWhere()});
    }
    return out;
}

template <typename Spec>
Error unknownComponent(const Entry &entry, std::string_view kind, std::span<const Spec *const> specs)
{
    std::vector<std::string_view> names;
    for (const Spec *spec : specs)
        names.push_back(spec->name);
    return Error{Error::Code::InvalidConfig, "there is no " + std::string(kind) + " \"" + entry.name + '"', entry.where,
                 unknownNameRemedy(entry.name, names, std::string(kind) + "s")};
}

enum class Phase { Map, Keyed, Global };

Phase phaseOf(const StageSpec &spec)
{
    return spec.makeMap != nullptr ? Phase::Map : spec.makeKeyed != nullptr ? Phase::Keyed : Phase::Global;
}

std::string_view describe(Phase phase)
{
    switch (phase) {
    case Phase::Map: return "looks at each event alone";
    case Phase::Keyed: return "keeps state for each entity";
    case Phase::Global: return "looks at all entities together";
    }
    return "";
}

/// Makes the stage and lets it go: its own checks of nested content.
Status tryStage(const StageSpec &spec, const Value &settings)
{
    switch (phaseOf(spec)) {
    case Phase::Map: EVENTOPS_TRY(spec.makeMap(settings)); break;
    case Phase::Keyed: EVENTOPS_TRY(spec.makeKeyed(settings)); break;
    case Phase::Global: EVENTOPS_TRY(spec.makeGlobal(settings)); break;
    }
    return Ok{};
}

Status readStages(const Value &list, const Registry &registry, const LoadFile &load, PipelineSpec &out)
{
    const std::vector<Entry> entries = EVENTOPS_TRY(readEntries(list, "stages", PipelineStagesMax));
    for (const Entry &entry : entries) {
        const StageSpec *spec = registry.stage(entry.name);
        if (spec == nullptr)
            return unknownComponent(entry, "stage", registry.stages);
        if (!out.stages.empty()) {
            const StageSpec &before = *out.stages.back().spec;
            if (phaseOf(*spec) < phaseOf(before))
                return Error{Error::Code::InvalidConfig,
                             "stage \"" + entry.name + "\" stands after \"" + std::string(before.name) + '"',
                             entry.where,
                             "move it up: \"" + entry.name + "\" " + std::string(describe(phaseOf(*spec))) + ", \"" +
                                 std::string(before.name) + "\" " + std::string(describe(phaseOf(before)))};
        }
        Value settings = EVENTOPS_TRY(checkSettings(entry.settings, spec->fields, "stage \"" + entry.name + '"', load));
        EVENTOPS_TRY(tryStage(*spec, settings));
        out.stages.push_back({spec, std::move(settings)});
    }
    return Ok{};
}

Status readSources(const Value &list, const Registry &registry, const LoadFile &load, PipelineSpec &out)
{
    const std::vector<Entry> entries = EVENTOPS_TRY(readEntries(list, "sources", PipelineSourcesMax));
    for (const Entry &entry : entries) {
        const SourceSpec *spec = registry.source(entry.name);
        if (spec == nullptr)
            return unknownComponent(entry, "source", registry.sources);
        const std::string what = "source \"" + entry.name + '"';
        Value settings = EVENTOPS_TRY(checkSettings(entry.settings, spec->fields, what, load));
        out.sources.push_back({spec, std::move(settings)});
    }
    return Ok{};
}

/// What the settings of every sink say, checked: the sink itself checks its own.
Status checkSinkCommon(const Value &settings, const std::vector<Configured<SinkSpec>> &before)
{
    const std::string name = EVENTOPS_TRY(settings.at("name").text());
    if (!isPlainName(name, SinkNameBytesMax))
        return settings.at("name").error("\"" + name.substr(0, SinkNameBytesMax) + "\" is no name for a sink",
                                         "use 1 to 40 letters, digits, - and _");
    for (const Configured<SinkSpec> &other : before) {
        if (other.settings.at("name").text().value() == name)
            return settings.at("name").error("two sinks are called " + name, "give each a name of its own");
    }
    const std::int64_t batch = EVENTOPS_TRY(settings.at("batch").integer());
    if (batch < 1 || batch > SinkBatchMax)
        return settings.at("batch").error("a sink's batch has 1 to " + std::to_string(SinkBatchMax) + " events",
                                          "leave it out: 500");
    const std::int64_t timeoutNs = EVENTOPS_TRY(settings.at("timeout").durationNs());
    if (timeoutNs < SinkTimeoutNsMin || timeoutNs > SinkTimeoutNsMax)
        return settings.at("timeout").error("a sink's timeout lies between 100ms and 120s", "leave it out: 10s");
    const auto filter = Filter::parse(EVENTOPS_TRY(settings.at("filter").text()));
    if (!filter)
        return settings.at("filter").error("field \"filter\": " + filter.error().message, filter.error().remedy);
    return Ok{};
}

Status readSinks(const Value &list, const Registry &registry, const LoadFile &load, PipelineSpec &out)
{
    const std::vector<Entry> entries = EVENTOPS_TRY(readEntries(list, "sinks", PipelineSinksMax));
    for (const Entry &entry : entries) {
        const SinkSpec *spec = registry.sink(entry.name);
        if (spec == nullptr)
            return unknownComponent(entry, "sink", registry.sinks);
        const std::vector<FieldSpec> fields = sinkFields(*spec);
        Value settings = EVENTOPS_TRY(checkSettings(entry.settings, fields, "sink \"" + entry.name + '"', load));
        if (EVENTOPS_TRY(settings.at("name").text()).empty())
            settings.set("name", Value::scalar(entry.name, entry.where, true));
        EVENTOPS_TRY(checkSinkCommon(settings, out.sinks));
        EVENTOPS_TRY(spec->make(settings, {}));
        out.sinks.push_back({spec, std::move(settings)});
    }
    return Ok{};
}

std::span<const FieldSpec> fieldsOf(const StageSpec &spec, std::vector<FieldSpec> &)
{
    return spec.fields;
}
std::span<const FieldSpec> fieldsOf(const SourceSpec &spec, std::vector<FieldSpec> &)
{
    return spec.fields;
}
std::span<const FieldSpec> fieldsOf(const SinkSpec &spec, std::vector<FieldSpec> &all)
{
    all = sinkFields(spec);
    return all;
}

template <typename Spec>
void appendComponents(JsonWriter &json, std::string &scratch, const std::vector<Configured<Spec>> &components)
{
    json.beginArray();
    std::vector<FieldSpec> all;
    for (const Configured<Spec> &component : components) {
        scratch.clear();
        appendCanonicalJson(scratch, component.settings, fieldsOf(*component.spec, all));
        json.beginObject().key(component.spec->name).raw(scratch).endObject();
    }
    json.endArray();
}

Status checkExecutors(const Value &executors)
{
    for (const auto &[name, settings] : executors.members()) {
        if (!settings.isMap() && !settings.isNull())
            return settings.error("settings of executor \"" + name + "\" must be a map", "write `" + name + ": {}`");
    }
    return Ok{};
}

Result<PipelineSpec> readPipeline(const Value &root, const std::string &path, const Registry &registry,
                                  const std::string &dataDirectory)
{
    const Value fields = EVENTOPS_TRY(checkSettings(root, PipelineFields, "the pipeline"));
    const Value ledger = EVENTOPS_TRY(checkSettings(fields.at("ledger"), LedgerFields, "\"ledger\""));
    PipelineSpec out;
    out.name = EVENTOPS_TRY(fields.at("pipeline").text());
    if (out.name.empty() || out.name.size() > NameBytesMax)
        return fields.at("pipeline").error("a pipeline's name has 1 to " + std::to_string(NameBytesMax) + " bytes");
    out.description = EVENTOPS_TRY(fields.at("description").text());
    out.latenessNs = EVENTOPS_TRY(fields.at("lateness").durationNs());
    out.keepRaw = EVENTOPS_TRY(ledger.at("keep_raw").boolean());
    out.retention = EVENTOPS_TRY(readRetention(fields.at("retention")));
    out.executors = fields.at("executors");
    EVENTOPS_TRY(checkExecutors(out.executors));
    FileLoader files(path, dataDirectory);
    const LoadFile load = [&files](const Value &name) { return files(name); };
    EVENTOPS_TRY(readSources(fields.at("sources"), registry, load, out));
    EVENTOPS_TRY(readStages(fields.at("stages"), registry, load, out));
    EVENTOPS_TRY(readSinks(fields.at("sinks"), registry, load, out));
    out.text = canonicalText(out);
    // How long events are kept, and where they go besides, changes nothing about what stages make of them: their state
    // stays good.
    PipelineSpec forEver = out;
    forEver.retention = {};
    forEver.sinks.clear();
    out.hash = sha256Hex(canonicalText(forEver));
    return out;
}

} // namespace

std::string canonicalText(const PipelineSpec &spec)
{
    std::string out;
    std::string scratch;
    JsonWriter json(out);
    json.beginObject().field("pipeline", spec.name).field("description", spec.description);
    json.field("lateness", canonicalDuration(spec.latenessNs));
    json.key("sources");
    appendComponents(json, scratch, spec.sources);
    json.key("stages");
    appendComponents(json, scratch, spec.stages);
    json.key("ledger").beginObject().key("keep_raw").boolean(spec.keepRaw).endObject();
    if (spec.retention != RetentionPolicy())
        appendRetention(json.key("retention"), spec.retention);
    scratch.clear();
    spec.executors.appendJson(scratch);
    json.key("executors").raw(scratch);
    if (!spec.sinks.empty()) {
        json.key("sinks");
        appendComponents(json, scratch, spec.sinks);
    }
    json.endObject();
    return out;
}

Result<PipelineSpec> loadPipeline(const std::string &path, const Registry &registry, const std::string &dataDirectory)
{
    const std::string text = EVENTOPS_TRY(readTextFile(path, PipelineFileBytesMax));
    const Value root = EVENTOPS_TRY(parseYaml(text, path));
    return readPipeline(root, path, registry, dataDirectory);
}

Result<PipelineSpec> parsePipeline(std::string_view text, const std::string &name, const Registry &registry,
                                   const std::string &dataDirectory)
{
    const YamlLimits limits{PipelineTextBytesMax, YamlLimits{}.depthMax + 4, PipelineNodesMax, PipelineBracketsMax};
    const Value root = EVENTOPS_TRY(parseYaml(text, name, limits));
    return readPipeline(root, name, registry, dataDirectory);
}

} // namespace eventops
