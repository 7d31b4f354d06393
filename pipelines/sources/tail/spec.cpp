// SPDX-License-Identifier: MIT
#include "core/pipeline/spec.h"
#include "core/codec/codec.h"
#include "pipelines/sources/tail/tail_folder.h"

namespace eventops {

extern const SourceSpec CaptureSource; // reads one file of them

namespace {

constexpr std::int64_t FilesMaxLimit = 4'096;

constexpr FieldSpec OwnFields[] = {
    {"paths", "list", "required", "Files, folders (all files in them) or patterns: [/var/log/app/*.log]"},
    {"exclude", "list", "[]", "Patterns of names, or of paths when they hold a slash, that are left out."},
    {"rotated", "bool", "true", "Also <name>.1, <name>-20251103 and the like beside them, the oldest first."},
    {"settle", "duration", "1s",
     "A writer that is silent for so long has written its last record whole: a document, or a record of several "
     "lines."},
    {"files_max", "int", "256", "Files read at the same time; more wait until one ends."},
};

std::vector<FieldSpec> allFields()
{
    std::vector<FieldSpec> fields(std::begin(OwnFields), std::end(OwnFields));
    for (const FieldSpec &field : captureReadingFields()) {
        if (field.name != "unpack_ratio_max") // what is packed does not grow
            fields.push_back(field);
    }
    return fields;
}
const std::vector<FieldSpec> Fields = allFields();

Result<std::vector<std::string>> patterns(const Value &list, std::string_view name)
{
    std::vector<std::string> out;
    for (const Value &item : list.items()) {
        std::string pattern = EVENTOPS_TRY(item.text());
        while (pattern.size() > 1 && pattern.back() == '/')
            pattern.pop_back();
        if (pattern.empty())
            return item.error(std::string(name) + ": an empty pattern matches no file", "take it away");
        out.push_back(std::move(pattern));
    }
    return out;
}

Result<std::unique_ptr<Source>> makeTail(const Value &settings, const SourceArguments &arguments)
{
    TailSettings out;
    out.reading = EVENTOPS_TRY(readCaptureSettings(settings, arguments.format));
    out.paths = EVENTOPS_TRY(patterns(settings.at("paths"), "paths"));
    if (out.paths.empty())
        return settings.at("paths").error("paths: no file is named", "for example paths: [/var/log/app/*.log]");
    out.exclude = EVENTOPS_TRY(patterns(settings.at("exclude"), "exclude"));
    out.rotated = EVENTOPS_TRY(settings.at("rotated").boolean());
    out.settle = std::chrono::milliseconds(EVENTOPS_TRY(settings.at("settle").durationNs()) / 1'000'000);
    const std::int64_t filesMax = EVENTOPS_TRY(settings.at("files_max").integer());
    if (filesMax < 1 || filesMax > FilesMaxLimit)
        return settings.at("files_max")
            .error("files_max: " + std::to_string(filesMax) + " is out of range",
                   "use 1 to " + std::to_string(FilesMaxLimit));
    out.filesMax = static_cast<std::size_t>(filesMax);
    if (!arguments.path.empty()) { // a file of it by itself, as a dead letter is
        Value file = settings;
        file.set("path", Value::scalar(arguments.path));
        return CaptureSource.make(file, arguments);
    }
    return std::unique_ptr<Source>(std::make_unique<TailFolder>(std::move(out)));
}

} // namespace

extern const SourceSpec TailSource;
const SourceSpec TailSource = {
    .name = "tail",
    .summary = "Reads files as they grow, and those that come up; a file that is renamed, or copied and cut, goes on "
               "where it stopped.",
    .fields = Fields,
    .losses = codecLosses(),
    .make = makeTail,
};

} // namespace eventops
