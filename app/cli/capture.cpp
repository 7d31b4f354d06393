// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/config/pipeline_file.h"
#include "core/session/capture_merge.h"
#include "core/session/output_file.h"
#include "core/store/transform_sql.h"

#include <algorithm>
#include <cstdio>
#include <unistd.h>

namespace eventops::cli {
namespace {

struct Options {
    ExportRequest request;
    std::string form = "evcap";
    std::string from, to;
    std::vector<std::string> files;
    std::string out, pipeline, format;
    std::string sql; ///< Whose; empty: none.
    bool force = false;
};

/// One line on the terminal that is written over; nothing when standard error is no terminal.
class ProgressLine
{
public:
    void show(double part, std::uint64_t records)
    {
        if (!m_terminal)
            return;
        m_shown = true;
        std::fprintf(stderr, "\r%3.0f %%  %llu records ", std::min(part, 1.0) * 100,
                     static_cast<unsigned long long>(records));
    }
    ~ProgressLine()
    {
        if (m_shown)
            std::fprintf(stderr, "\r\033[K");
    }

private:
    const bool m_terminal = isatty(STDERR_FILENO) == 1;
    bool m_shown = false;
};

double partOf(std::uint64_t done, std::uint64_t all)
{
    return all == 0 ? 0.0 : static_cast<double>(done) / static_cast<double>(all);
}

Result<ExportProgress> runExport(Context &context, Options &options)
{
    ExportRequest &request = options.request;
    request.form = *exportFormByName(options.form);
    request.from = EVENTOPS_TRY(timeOption("--from", options.from));
    request.to = EVENTOPS_TRY(timeOption("--to", options.to));
    request.compress = options.out.ends_with(".zst");
    request.path = options.out;
    request.overwrite = options.force;
    const auto backend = EVENTOPS_TRY(context.place());
    ProgressLine line;
    return await<ExportProgress>([&](Done<ExportProgress> done) {
        return backend->exportCapture(
            context.caller(), request,
            [&line](const ExportProgress &p) { line.show(partOf(p.eventsSeen, p.eventsTotal), p.records); },
            std::move(done));
    });
}

/// Tables of transformers; see exportTransformTables.
Status exportSql(const Context &context, const Options &options)
{
    EVENTOPS_TRY(Workspace::existing(context.workspace));
    const auto file = EVENTOPS_TRY(OutputFile::make(options.out, options.force));
    const SqlDialect dialect = options.sql == "mysql" ? SqlDialect::MySql : SqlDialect::PostgreSql;
    EVENTOPS_TRY(exportTransformTables(context.workspace, dialect,
                                       [&](std::string_view text) { return file->write(text); }));
    return file->commit();
}

void exportCommand(Context &context, Options &options)
{
    if (!options.sql.empty()) {
        if (const Status done = exportSql(context, options); !done)
            context.fail(done.error());
        return;
    }
    const auto done = runExport(context, options);
    if (!done)
        return context.fail(done.error());
    const ExportProgress &p = done.value();
    if (context.json) {
        std::string out;
        JsonWriter(out)
            .beginObject()
            .field("file", options.out)
            .field("form", options.form)
            .key("records")
            .unsignedInteger(p.records)
            .key("dead_letters")
            .unsignedInteger(p.deadLetters)
            .key("reshaped")
            .unsignedInteger(p.reshaped)
            .key("dropped")
            .unsignedInteger(p.dropped)
            .key("bytes")
            .unsignedInteger(p.bytes)
            .endObject();
        std::puts(out.c_str());
        return;
    }
    const bool events = exportFormByName(options.form) >= ExportForm::Csv;
    std::printf("%s: %llu %s, %llu bytes\n", printable(options.out).c_str(), static_cast<unsigned long long>(p.records),
                events ? "events" : "records", static_cast<unsigned long long>(p.bytes));
    if (p.deadLetters > 0)
        std::printf("%llu of them are dead letters\n", static_cast<unsigned long long>(p.deadLetters));
    if (p.dropped > 0)
        std::printf("%llu more are not in it: retention dropped them\n", static_cast<unsigned long long>(p.dropped));
    if (p.reshaped > 0)
        std::printf("%llu of them stood on several lines and were put on one\n",
                    static_cast<unsigned long long>(p.reshaped));
}

Result<MergeProgress> runMerge(Context &context, const Options &options)
{
    const std::string name =
        options.pipeline.empty() ? context.dataDirectory + "/definitions/default.yaml" : options.pipeline;
    const std::string text = EVENTOPS_TRY(app::readTextFile(name));
    const LocalBackendOptions backend = context.backendOptions();
    const PipelineSpec spec = EVENTOPS_TRY(parsePipeline(text, name, backend.registry, backend.dataDirectory));
    if (spec.sources.empty())
        return Error{Error::Code::InvalidConfig,
                     "the pipeline has no source to read a file with",
                     {name, 0, 0},
                     "add one under sources:"};
    std::vector<std::unique_ptr<Source>> sources;
    for (const std::string &file : options.files) {
        const auto &source = spec.sources.front();
        sources.push_back(EVENTOPS_TRY(source.spec->make(source.settings, {file, options.format})));
        for (auto &other : sources.back()->takeOthers())
            sources.push_back(std::move(other));
    }
    const auto file = EVENTOPS_TRY(OutputFile::make(options.out, options.force));
    ProgressLine line;
    const MergeProgress done = EVENTOPS_TRY(mergeCaptures(
        std::move(sources), [&](std::string_view bytes) { return file->write(bytes); }, interrupted(),
        [&line](const MergeProgress &p) { line.show(partOf(p.bytesRead, p.bytesTotal), p.records); }));
    if (interrupted().load())
        return Error{Error::Code::Cancelled, "the merge was cancelled"};
    EVENTOPS_TRY(file->commit());
    return done;
}

/// What a capture file holds, and whether it is whole.
struct CaptureState {
    std::uint64_t records = 0, deadLetters = 0, damagedFrames = 0, missing = 0;
    WallNs from = NoTime, to = NoTime;
    std::string firstBad;
};

CaptureState inspect(const CaptureFileReader &file)
{
    CaptureState state;
    CaptureFrameContent content;
    for (const CaptureFrame &frame : file.frames()) {
        if (interrupted().load())
            break;
        if (const Status read = file.read(frame, content); !read) {
            ++state.damagedFrames;
            state.missing += frame.records;
            if (state.firstBad.empty())
                state.firstBad = read.error().message;
            continue;
        }
        for (const CaptureRecord &record : content.records) {
            const bool last = record.totalBytes == 0 || record.pieceAt + record.bytes.size() == record.totalBytes;
            state.records += last ? 1 : 0;
            state.deadLetters += last && record.deadLetter ? 1 : 0;
        }
        if (frame.tsMin == NoTime)
            continue;
        state.from = state.from == NoTime ? frame.tsMin : std::min(state.from, frame.tsMin);
        state.to = std::max(state.to, frame.tsMax);
    }
    return state;
}

void printInfo(Context &context, const CaptureFileReader &file, const CaptureState &state)
{
    const bool whole = state.firstBad.empty() && file.damage().empty();
    const auto time = [](WallNs t) {
        return t == NoTime ? std::string("unknown") : formatTimestamp(t);
    };
    if (context.json) {
        std::string out;
        JsonWriter json(out);
        json.beginObject().field("file", file.path()).key("bytes").unsignedInteger(file.bytes());
        json.key("records").unsignedInteger(state.records).key("dead_letters").unsignedInteger(state.deadLetters);
        json.field("from", time(state.from)).field("to", time(state.to));
        json.key("frames").unsignedInteger(file.frames().size()).key("indexed").boolean(file.indexed());
        json.key("whole").boolean(whole).key("damaged_frames").unsignedInteger(state.damagedFrames);
        json.key("missing_records").unsignedInteger(state.missing);
        json.field("first_bad_frame", state.firstBad).field("damage", file.damage()).key("sources").beginArray();
        for (const CaptureOrigin &source : file.sources())
            json.beginObject().field("key", source.key).field("title", source.title).endObject();
        json.endArray().endObject();
        std::puts(out.c_str());
        return;
    }
    std::printf("%s: %llu records (%llu dead letters) in %zu frames, %llu bytes\n", printable(file.path()).c_str(),
                static_cast<unsigned long long>(state.records), static_cast<unsigned long long>(state.deadLetters),
                file.frames().size(), static_cast<unsigned long long>(file.bytes()));
    std::printf("event times: %s to %s\n", time(state.from).c_str(), time(state.to).c_str());
    for (const CaptureOrigin &source : file.sources())
        std::printf("source: %s  %s\n", printable(source.title).c_str(), printable(source.key.substr(0, 16)).c_str());
    if (whole)
        std::printf("checksums: all frames are whole\n");
    if (!state.firstBad.empty())
        std::printf("damaged: %llu frames, %llu records missing; the first: %s\n",
                    static_cast<unsigned long long>(state.damagedFrames),
                    static_cast<unsigned long long>(state.missing), printable(state.firstBad).c_str());
    if (!file.damage().empty())
        std::printf("damaged: %s\n", printable(file.damage()).c_str());
}

void infoCommand(Context &context, const Options &options)
{
    const auto file = CaptureFileReader::open(options.files.front());
    if (!file)
        return context.fail(file.error());
    const CaptureState state = inspect(*file.value());
    printInfo(context, *file.value(), state);
    if (!state.firstBad.empty() || !file.value()->damage().empty())
        context.exitCode = ExitFailed;
}

void addOut(CLI::App &command, const std::shared_ptr<Options> &options)
{
    command.add_option("--out", options->out, "File to write; it is there whole or not at all")->required();
    command.add_flag("--force", options->force, "Overwrite the file when it is there");
}

} // namespace

void addExport(CLI::App &app, Context &context)
{
    const auto options = std::make_shared<Options>();
    CLI::App *command = app.add_subcommand(
        "export", "Write records or events of a workspace, or of an engine or topics elsewhere, into a file");
    command->add_option("--filter", options->request.filter, "Of events; default: everything, dead letters as well");
    command->add_option("--from", options->from, "Event times at or after this, RFC 3339");
    command->add_option("--to", options->to, "Event times before this, RFC 3339");
    command
        ->add_option("--form", options->form,
                     "evcap: raw records with all that belongs to them; ndjson, kcat: raw records on lines; csv, "
                     "events: events")
        ->check(CLI::IsMember({"evcap", "ndjson", "kcat", "csv", "events"}))
        ->capture_default_str();
    command
        ->add_option("--sql", options->sql,
                     "Instead of events: tables of sources, transformers and what they made, as SQL that fills an "
                     "empty database of a MySQL or a PostgreSQL")
        ->check(CLI::IsMember({"mysql", "postgres"}));
    addOut(*command, options);
    command->footer("A FILE that ends with .zst is packed with zstd (an evcap is packed by itself).\n"
                    "Read it again with: eventops replay FILE\n"
                    "What came from topics is read again with --pipeline topics.yaml.");
    addPlace(*command, context);
    addJson(*command, context);
    command->callback([&context, options] { exportCommand(context, *options); });
}

void addMerge(CLI::App &app, Context &context)
{
    const auto options = std::make_shared<Options>();
    CLI::App *command = app.add_subcommand("merge", "Merge captures by event time into one evcap file");
    command->add_option("FILE", options->files, "Captures of any form")->required();
    command->add_option("--pipeline", options->pipeline,
                        "Pipeline file whose source reads them; default: default.yaml");
    command->add_option("--format", options->format, "As in eventops replay");
    addOut(*command, options);
    addJson(*command, context);
    command->callback([&context, options] {
        const auto done = runMerge(context, *options);
        if (!done)
            return context.fail(done.error());
        const auto records = static_cast<unsigned long long>(done.value().records);
        if (context.json)
            std::printf("{\"records\":%llu}\n", records);
        else
            std::printf("%s: %llu records\n", printable(options->out).c_str(), records);
    });
}

void addCapture(CLI::App &app, Context &context)
{
    CLI::App *capture = app.add_subcommand("capture", "Look at capture files");
    capture->require_subcommand(1);
    const auto options = std::make_shared<Options>();
    CLI::App *info = capture->add_subcommand(
        "info", "Print what an evcap file holds and check every frame; exit code 1 when it is damaged");
    info->add_option("FILE", options->files, "The capture")->required()->expected(1);
    addJson(*info, context);
    info->callback([&context, options] { infoCommand(context, *options); });
}

} // namespace eventops::cli
