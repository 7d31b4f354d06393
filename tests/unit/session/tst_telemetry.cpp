// SPDX-License-Identifier: MIT
//
// Our own spans and log records on their way to a collector (contract C24).
#include "tests/support/test_main.h"

#include "core/session/telemetry.h"
#include "tests/support/local_workspace.h"
#include "tests/support/loopback_server.h"

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>

#include <map>

using namespace eventops;
using eventops::test::LoopbackServer;

namespace {

constexpr const char *Accepted = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";

QJsonObject bodyOf(const std::string &request)
{
    return QJsonDocument::fromJson(QByteArray::fromStdString(request.substr(request.find("\r\n\r\n") + 4))).object();
}

QJsonObject first(const QJsonObject &object, const char *name)
{
    return object[QLatin1String(name)].toArray().first().toObject();
}

QJsonObject spanOf(const std::string &request)
{
    return first(first(first(bodyOf(request), "resourceSpans"), "scopeSpans"), "spans");
}

QString attribute(const QJsonObject &of, const char *name)
{
    for (const QJsonValue &one : of[QLatin1String("attributes")].toArray()) {
        const QJsonObject value = one.toObject()[QLatin1String("value")].toObject();
        if (one.toObject()[QLatin1String("key")].toString() == QLatin1String(name))
            return value.contains(QLatin1String("intValue")) ? value[QLatin1String("intValue")].toString()
                                                             : value[QLatin1String("stringValue")].toString();
    }
    return {};
}

TelemetrySettings to(const LoopbackServer &server)
{
    TelemetrySettings settings;
    settings.endpoint = server.url("");
    settings.serviceVersion = "1.2.3";
    return settings;
}

} // namespace

class TestTelemetry : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void itIsOffUnlessAsked()
    {
        const auto none = TelemetrySettings::fromEnvironment([](const char *) -> const char * { return nullptr; });
        QVERIFY(none);
        QCOMPARE(none.value().endpoint, std::string());
        Telemetry telemetry(none.value());
        telemetry.span({});
        QCOMPARE(telemetry.counts().dropped, 0u);
    }

    void settingsAreTheSpecifications()
    {
        std::map<std::string, const char *> variables{{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318/"},
                                                      {"OTEL_EXPORTER_OTLP_HEADERS", "a=b,authorization=Basic x"},
                                                      {"OTEL_SERVICE_NAME", "shop-events"}};
        const auto environment = [&](const char *name) {
            const auto found = variables.find(name);
            return found == variables.end() ? nullptr : found->second;
        };
        const auto settings = TelemetrySettings::fromEnvironment(environment);
        QVERIFY(settings);
        QCOMPARE(settings.value().endpoint, std::string("http://c:4318"));
        QCOMPARE(settings.value().headers[1], std::string("authorization: Basic x"));
        QCOMPARE(settings.value().serviceName, std::string("shop-events"));
        variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = "c:4318";
        const auto wrong = TelemetrySettings::fromEnvironment(environment);
        QVERIFY(!wrong);
        QVERIFY(wrong.error().text().find("OTEL_EXPORTER_OTLP_ENDPOINT") != std::string::npos);
    }

    void aSpanJoinsItsTrace()
    {
        LoopbackServer server([](const std::string &) { return LoopbackServer::Answer{Accepted}; });
        {
            Telemetry telemetry(to(server));
            telemetry.span({"GET /x", Telemetry::SpanKind::Server,
                            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", WallNs{1'000}, WallNs{2'000},
                            {{"http.response.status_code", std::int64_t{503}}}, "Service Unavailable"});
            telemetry.log({WallNs{3'000}, 13, "there is no room", {}});
        }
        const auto requests = server.requests();
        QCOMPARE(requests.size(), std::size_t{2});
        QVERIFY(requests[0].starts_with("POST /v1/traces "));
        QCOMPARE(attribute(first(bodyOf(requests[0]), "resourceSpans")[QLatin1String("resource")].toObject(),
                           "service.version"),
                 QStringLiteral("1.2.3"));
        const QJsonObject span = spanOf(requests[0]);
        QCOMPARE(span[QLatin1String("traceId")].toString(), QStringLiteral("0af7651916cd43dd8448eb211c80319c"));
        QCOMPARE(span[QLatin1String("parentSpanId")].toString(), QStringLiteral("b7ad6b7169203331"));
        QCOMPARE(span[QLatin1String("spanId")].toString().size(), 16);
        QCOMPARE(span[QLatin1String("kind")].toInt(), 2);
        QCOMPARE(span[QLatin1String("endTimeUnixNano")].toString(), QStringLiteral("2000"));
        QCOMPARE(attribute(span, "http.response.status_code"), QStringLiteral("503"));
        QCOMPARE(span[QLatin1String("status")].toObject()[QLatin1String("code")].toInt(), 2);
        QVERIFY(requests[1].starts_with("POST /v1/logs "));
        const QJsonObject record =
            first(first(first(bodyOf(requests[1]), "resourceLogs"), "scopeLogs"), "logRecords");
        QCOMPARE(record[QLatin1String("severityNumber")].toInt(), 13);
    }

    void whatCannotBeDeliveredIsCountedAndHoldsNothingUp()
    {
        TelemetrySettings settings;
        settings.endpoint = "http://127.0.0.1:1"; // nobody listens there
        Telemetry telemetry(settings);
        for (std::size_t i = 0; i < 3 * Telemetry::QueueMax; ++i)
            telemetry.span({});
        QTRY_VERIFY_WITH_TIMEOUT(telemetry.counts().dropped >= 2 * Telemetry::QueueMax, 10'000);
        QCOMPARE(telemetry.counts().delivered, 0u);
    }

    void aRunIsASpan()
    {
        LoopbackServer server([](const std::string &) { return LoopbackServer::Answer{Accepted}; });
        const test::LocalWorkspace workspace;
        {
            LocalBackendOptions options;
            options.registry = {builtinStages(), builtinSources()};
            options.dataDirectory = EVENTOPS_SOURCE_DIR "/pipelines";
            options.telemetry = std::make_shared<Telemetry>(to(server));
            LocalBackend backend(Workspace{workspace.directory()}, std::move(options));
            QCOMPARE(test::LocalWorkspace::replay(backend, "agents.ndjson"), std::string());
        }
        QVERIFY(!server.requests().empty());
        const QJsonObject span = spanOf(server.requests().front());
        QCOMPARE(span[QLatin1String("name")].toString(), QStringLiteral("run default"));
        QCOMPARE(attribute(span, "eventops.events"), QStringLiteral("132"));
    }
};

EVENTOPS_TEST(TestTelemetry)
#include "tst_telemetry.moc"
