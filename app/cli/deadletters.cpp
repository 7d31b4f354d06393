// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include "core/base/json.h"

#include <cstdio>

namespace eventops::cli {
namespace {

constexpr std::size_t PreviewChars = 120;

struct Options {
    std::int64_t id = 0;
    std::string format;
};

/// Bytes that are no UTF-8 are given in hexadecimal beside the readable form: nothing of them is lost.
void appendBytes(JsonWriter &writer, const DeadLetterRow &row)
{
    std::string hex;
    for (const char c : row.bytes) {
        constexpr char Digits[] = "0123456789abcdef";
        hex += Digits[static_cast<unsigned char>(c) >> 4];
        hex += Digits[static_cast<unsigned char>(c) & 15];
    }
    writer.field("bytes", row.bytes).field("bytes_hex", hex)
        .key("bytes_cut").boolean(row.bytes.size() < row.size);
}

void print(const Context &context, const DeadLetterRow &row)
{
    std::string line;
    if (context.json) {
        JsonWriter writer(line);
        writer.beginObject().key("id").integer(row.id).key("seq").unsignedInteger(row.seq)
            .field("source", row.sourceTitle).field("source_key", row.sourceKey)
            .key("position").unsignedInteger(row.position).key("size").unsignedInteger(row.size)
            .field("reason", row.reason).field("detail", row.detail).field("state", row.state);
        appendBytes(writer, row);
        writer.endObject();
    } else {
        line = std::to_string(row.id) + "  " + row.state + "  " + printable(row.sourceTitle) + " at byte "
             + std::to_string(row.position) + "  " + row.reason + ": " + printable(row.detail) + "\n      "
             + printable(std::string_view(row.bytes).substr(0, PreviewChars));
    }
    std::printf("%s\n", line.c_str());
}

void list(Context &context, std::int64_t only)
{
    const auto place = context.place();
    if (!place)
        return context.fail(place.error());
    const auto &backend = place.value();
    bool found = only == 0;
    const auto status = await<Ok>([&](Done<Ok> done) {
        return backend->deadLetters(context.caller(), UINT64_MAX, [&](std::vector<DeadLetterRow> page) {
            for (const DeadLetterRow &row : page) {
                if (only != 0 && row.id != only)
                    continue;
                found = true;
                print(context, row);
            }
        }, std::move(done));
    });
    if (!status)
        return context.fail(status.error());
    if (!found)
        context.fail(Error{Error::Code::NotFound, "there is no dead letter " + std::to_string(only)});
}

void redrive(Context &context, const Options &options)
{
    const auto backend = context.backend();
    const auto status = await<Ok>([&](Done<Ok> done) {
        return backend->redrive(context.caller(), options.id, options.format, std::move(done));
    });
    if (!status)
        return context.fail(status.error());
    std::printf("%s\n", context.json ? "{\"redriven\":true}" : "The record is stored now.");
}

} // namespace

void addDeadLetters(CLI::App &app, Context &context)
{
    const auto options = std::make_shared<Options>();
    CLI::App *command =
        app.add_subcommand("deadletters", "Records that could not become events: kept whole, with the reason");
    command->require_subcommand(1);
    CLI::App *listing = command->add_subcommand("list", "All of them");
    CLI::App *one = command->add_subcommand("show", "One of them");
    CLI::App *again = command->add_subcommand("redrive", "Read one again; it must decode now, or it stays as it is");
    for (CLI::App *sub : {listing, one, again}) {
        sub == again ? addWorkspace(*sub, context) : addPlace(*sub, context);
        addJson(*sub, context);
    }
    for (CLI::App *sub : {one, again})
        sub->add_option("ID", options->id, "Number, as listed")->required()->check(CLI::PositiveNumber);
    again->add_option("--format", options->format, "Read it with another format than the pipeline's");
    listing->callback([&context] { list(context, 0); });
    one->callback([&context, options] { list(context, options->id); });
    again->callback([&context, options] { redrive(context, *options); });
}

} // namespace eventops::cli
