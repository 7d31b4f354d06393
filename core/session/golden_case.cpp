// SPDX-License-Identifier: MIT
#include "core/session/golden_case.h"

#include "core/config/pipeline_file.h"
#include "core/session/golden_run.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace eventops {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t DiffLinesMax = 12;

std::string readFile(const fs::path &path)
{
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

std::vector<std::string> lines(const std::string &text)
{
    std::vector<std::string> out;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
        out.push_back(line);
    return out;
}

/// Only what differs between the equal beginning and the equal end.
std::string diff(const std::string &expected, const std::string &found)
{
    const std::vector<std::string> a = lines(expected), b = lines(found);
    std::size_t head = 0, tail = 0;
    while (head < a.size() && head < b.size() && a[head] == b[head])
        ++head;
    while (tail < a.size() - head && tail < b.size() - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail])
        ++tail;
    std::string out = "  from line " + std::to_string(head + 1) + "\n";
    const auto show = [&](const std::vector<std::string> &from, char sign) {
        const std::size_t end = from.size() - tail;
        for (std::size_t i = head; i < end && i < head + DiffLinesMax; ++i)
            out += std::string("  ") + sign + ' ' + from[i] + '\n';
        if (end > head + DiffLinesMax)
            out += std::string("  ") + sign + " … " + std::to_string(end - head - DiffLinesMax) + " more\n";
    };
    show(a, '-');
    show(b, '+');
    return out;
}

std::string fileName(const std::string &what)
{
    return what == "counts" ? "counts.json" : what + ".ndjson";
}

/// "input-2.agent.v1" → "agent.v1".
std::string formatOf(const fs::path &input)
{
    const std::string name = input.filename().string();
    const std::string format = name.substr(name.find('.') + 1);
    return format == "log" ? std::string() : format;
}

std::vector<std::string> inputsOf(const fs::path &folder)
{
    std::vector<std::string> out;
    for (const auto &entry : fs::directory_iterator(folder)) {
        if (entry.path().filename().string().starts_with("input"))
            out.push_back(entry.path().string());
    }
    std::sort(out.begin(), out.end());
    return out;
}

void update(const fs::path &expected, const GoldenOutput &found)
{
    const bool fresh = !fs::exists(expected);
    fs::create_directories(expected);
    for (const auto &[what, text] : found) {
        if (fresh || fs::exists(expected / fileName(what)))
            std::ofstream(expected / fileName(what), std::ios::binary) << text;
    }
}

std::string compare(const fs::path &expected, GoldenOutput found)
{
    std::string out;
    std::ptrdiff_t compared = 0;
    constexpr const char *Known[] = {"events", "alerts", "findings", "deviations", "features", "entities", "links",
                                     "suggestions", "deadletters", "raw", "counts"};
    for (const std::string what : Known) {
        const fs::path file = expected / fileName(what);
        if (!fs::exists(file))
            continue;
        ++compared;
        if (const std::string wanted = readFile(file); wanted != found[what])
            out += fileName(what) + ":\n" + diff(wanted, found[what]);
    }
    const auto files =
        !fs::exists(expected) ? 0 : std::distance(fs::directory_iterator(expected), fs::directory_iterator());
    if (compared == 0 || compared != files)
        out += "expected/ holds " + std::to_string(files) + " files, of which " + std::to_string(compared) +
               " have a known name\n";
    return out;
}

} // namespace

std::string checkGolden(const std::string &path, const Registry &registry, const std::string &dataDirectory, bool renew)
{
    const fs::path folder = path;
    const auto spec = loadPipeline((folder / "pipeline.yaml").string(), registry, dataDirectory);
    if (!spec)
        return spec.error().text();
    const std::vector<std::string> inputs = inputsOf(folder);
    if (inputs.empty())
        return "there is no input";
    constexpr GoldenSetup Setups[] = {{1, 0, false}, {4, 0, false}, {1, 1, false}, {1, 2, true}, {4, 1, true}};
    GoldenOutput reference;
    for (const GoldenSetup &setup : Setups) {
        auto found = runGolden(spec.value(), inputs, formatOf(inputs.front()), setup);
        if (!found)
            return setup.title() + ": " + found.error().text();
        if (&setup == &Setups[0]) {
            reference = std::move(found).value();
            continue;
        }
        GoldenOutput &other = found.value();
        for (const auto &[what, text] : reference) {
            if (other[what] != text)
                return setup.title() + " gives other " + what + ":\n" + diff(text, other[what]);
        }
        if (other.size() != reference.size())
            return setup.title() + " gives more kinds of output";
    }
    if (renew) {
        update(folder / "expected", reference);
        return {};
    }
    return compare(folder / "expected", std::move(reference));
}

} // namespace eventops
