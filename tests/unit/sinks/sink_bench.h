// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/json_scan.h"
#include "core/config/pipeline_file.h"
#include "core/session/sink_feed.h"
#include "pipelines/components.h"
#include "tests/support/program.h"

#include <QtCore/QFile>

#include <map>
#include <string>
#include <vector>

namespace eventops::test {

constexpr char SecretVariable[] = "EVENTOPS_TEST_SINK_SECRET";

/// Events of every kind: metrics above and below their rule, an order with links, texts that are hard to carry.
inline QByteArray sinkEvents(int count)
{
    QByteArray out;
    for (int i = 0; i < count; ++i) {
        const QByteArray number = QByteArray::number(i);
        if (i % 3 == 0)
            out += "{\"tenant_id\":\"acme\",\"host\":\"web-" + number
                   + "\",\"metric\":\"cpu_load\",\"value\":" + QByteArray::number(i % 2 == 0 ? 97.5 : 12.25)
                   + ",\"ts_event\":" + QByteArray::number(1'700'000'000 + i) + "}\n";
        else
            out += "{\"ts\":\"2025-10-21T10:00:00." + number.rightJustified(6, '0') + "Z\",\"event_type\":\"order."
                   + (i % 2 == 0 ? "paid" : "created") + "\",\"entity_id\":\"order:A-" + number
                   + "\",\"correlation_id\":\"c-" + number
                   + "\",\"tags\":{\"tenant\":\"default\",\"note\":\"a \\\"b\\\" \\\\ "
                     "\\u0001 \xc3\xa4 \\ud83d\\ude00 `x`\"},\"attrs\":{\"big\":9007199254740993,\"n\":"
                   + number + ",\"d\":1.50,\"depends_on\":[\"host:web-0\"]}}\n";
    }
    return out;
}

/// What a workspace has, by the key under which sinks keep it.
inline std::map<std::string, std::string> eventsByKey(const Scratch &scratch, const QString &filter = {})
{
    QStringList arguments{QStringLiteral("query"), QStringLiteral("events")};
    if (!filter.isEmpty())
        arguments << filter;
    const Ran ran = run(arguments
                        + QStringList{QStringLiteral("--json"), QStringLiteral("--limit"), QStringLiteral("100000"),
                                      QStringLiteral("--workspace"), scratch.workspace()});
    std::map<std::string, std::string> out;
    for (const QByteArray &line : ran.out.split('\n')) {
        const std::string text = line.toStdString();
        if (text.empty())
            continue;
        const auto tenant = jsonFind(text, "tenant"), id = jsonFind(text, "id");
        const std::string key =
            std::string(tenant->text == "default" || tenant->text.empty() ? "" : std::string(tenant->text) + '/')
            + std::string(id->text);
        out[key] = text;
    }
    return out;
}

/// A pipeline as the shipped default one, with these sinks.
inline QByteArray pipelineWith(const std::string &sinks)
{
    return "pipeline: sinks\nsources:\n  - capture: {format: auto}\nstages:\n  - entities: {}\nsinks:\n"
           + QByteArray::fromStdString(sinks);
}

inline PipelineSpec specOf(const QByteArray &text)
{
    static const Registry registry{builtinStages(), builtinSources(), builtinSinks()};
    auto spec = parsePipeline(text.toStdString(), "sinks.yaml", registry);
    if (!spec)
        qFatal("%s", spec.error().text().c_str());
    return std::move(spec).value();
}

} // namespace eventops::test
