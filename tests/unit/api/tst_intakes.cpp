// SPDX-License-Identifier: MIT
//
// Events in the tongues of others: each sender gets the answer that it expects, and what is answered well is stored.
#include "tests/support/test_main.h"

#include "core/base/encode.h"
#include "core/base/hmac.h"
#include "core/session/intake_settings.h"
#include "tests/unit/api/api_fixture.h"

#include <QtCore/QDateTime>
#include <QtCore/QFile>
#include <QtCore/QJsonArray>

using namespace eventops;
using eventops::test::HttpAnswer;
using eventops::test::ServedWorkspace;

namespace {

const QByteArray Secret = "a secret of thirty-two characters";

/// RFC 1952, without packing: stored blocks.
QByteArray gzipped(const QByteArray &bytes)
{
    const QByteArray zlib = qCompress(bytes).mid(4); // Qt puts its length before
    QByteArray out = QByteArray::fromHex("1f8b0800000000000003") + zlib.mid(2, zlib.size() - 6);
    quint32 crc = ~0u;
    for (const char byte : bytes) {
        crc ^= static_cast<unsigned char>(byte);
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320u : 0u);
    }
    crc = ~crc;
    const auto size = static_cast<quint32>(bytes.size());
    for (const quint32 word : {crc, size}) {
        for (int shift = 0; shift < 32; shift += 8)
            out += static_cast<char>((word >> shift) & 0xff);
    }
    return out;
}

const QByteArray OtlpLogs =
    R"({"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"checkout"}}]},)"
    R"("scopeLogs":[{"logRecords":[{"timeUnixNano":"1767607200000000000","severityNumber":17,"body":)"
    R"({"stringValue":"payment refused"}},{"timeUnixNano":"1767607201000000000","severityNumber":9,"body":)"
    R"({"stringValue":"payment taken"}}]}]}]})";

} // namespace

class TestIntakes : public QObject
{
    Q_OBJECT

    static QJsonArray events(const ServedWorkspace &served)
    {
        return served.get("/api/v1/events").json()[QLatin1String("events")].toArray();
    }
    static QString text(const QJsonValue &event, const char *name)
    {
        return event.toObject()[QLatin1String(name)].toString();
    }

private Q_SLOTS:
    void exportersOfTelemetryAreAnsweredAsTheyExpect()
    {
        const ServedWorkspace served("");
        const HttpAnswer taken = served.post("/v1/logs", OtlpLogs, "operator");
        QCOMPARE(taken.status, 200);
        QCOMPARE(taken.body, QByteArray("{\"partialSuccess\":{}}"));
        const HttpAnswer packed = served.ask(served.request("POST", "/v1/logs", "operator",
                                                            gzipped(QByteArray(OtlpLogs).replace("checkout", "cart")),
                                                            "Content-Encoding: gzip\r\n"));
        QCOMPARE(packed.status, 200);
        const QJsonArray stored = events(served);
        QCOMPARE(stored.size(), 4);
        QCOMPARE(text(stored[0], "message"), QStringLiteral("payment refused"));
        QCOMPARE(served.post("/v1/traces", "{}", "operator").body, QByteArray("{}")); // an export of nothing

        const HttpAnswer other = served.post("/v1/metrics", OtlpLogs, "operator");
        QCOMPARE(other.status, 400);
        QCOMPARE(other.body, QByteArray("{\"code\":3,\"message\":\"the body has no array \\\"resourceMetrics\\\"\"}"));
        QCOMPARE(served.post("/v1/logs", "{\"resourceLogs\":", "operator").status, 400);
        QCOMPARE(served.post("/v1/logs", OtlpLogs, "viewer").status, 403);
        QCOMPARE(events(served).size(), 4);
    }

    void exportersMaySendProtocolBuffers()
    {
        const ServedWorkspace served("");
        const auto post = [&](const char *path, const QByteArray &body, const QByteArray &more = {}) {
            return served.ask(
                served.request("POST", path, "operator", body, "Content-Type: application/x-protobuf\r\n" + more));
        };
        // resourceLogs { resource { service.name: checkout } scopeLogs { logRecords { … } } }, byte by byte.
        const auto bytes = [](char number, const QByteArray &inside) {
            return QByteArray(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(inside.size()) + inside;
        };
        const QByteArray name = bytes(1, "service.name") + bytes(2, bytes(1, "checkout"));
        const QByteArray time("\x09\x00\x40\x6c\x1a\x62\xcd\x87\x18", 9);
        const QByteArray log = time + QByteArray("\x10\x11", 2) + bytes(5, bytes(1, "payment refused"))
                               + bytes(9, QByteArray::fromHex("5b8aa5a2d2c872e8321cf37308d69df2"));
        const QByteArray request = bytes(1, bytes(1, bytes(1, name)) + bytes(2, bytes(2, log)));
        const HttpAnswer taken = post("/v1/logs", request);
        QCOMPARE(taken.status, 200);
        QCOMPARE(taken.header("content-type"), QByteArray("application/x-protobuf"));
        QCOMPARE(taken.body, QByteArray());
        QCOMPARE(post("/v1/logs", gzipped(QByteArray(request).replace("checkout", "checked!")),
                      "Content-Encoding: gzip\r\n")
                     .status,
                 200);
        const QJsonArray stored = events(served);
        QCOMPARE(stored.size(), 2);
        QCOMPARE(text(stored[0], "message"), QStringLiteral("payment refused"));
        QCOMPARE(text(stored[0], "trace_id"), QStringLiteral("5b8aa5a2d2c872e8321cf37308d69df2"));
        QCOMPARE(post("/v1/traces", "").status, 200); // an export of nothing

        const HttpAnswer damaged = post("/v1/logs", request.chopped(1));
        QCOMPARE(damaged.status, 400);
        QCOMPARE(damaged.header("content-type"), QByteArray("application/x-protobuf"));
        QVERIFY(damaged.body.startsWith(QByteArray("\x08\x03\x12", 3))); // google.rpc.Status, INVALID_ARGUMENT
        QVERIFY2(damaged.body.contains("cut or damaged"), damaged.body.constData());
        const HttpAnswer packed = post("/v1/logs", "no gzip", "Content-Encoding: gzip\r\n");
        QCOMPARE(packed.status, 400);
        QCOMPARE(packed.header("content-type"), QByteArray("application/x-protobuf"));
        QCOMPARE(events(served).size(), 2);
    }

    void packedBodiesAreBounded()
    {
        const ServedWorkspace served("");
        const auto post = [&](const QByteArray &body, const QByteArray &coding) {
            return served.ask(
                served.request("POST", "/api/v1/events", "operator", body, "Content-Encoding: " + coding + "\r\n"));
        };
        const QByteArray event = R"({"ts":"2026-01-05T10:00:00Z","type":"x","id":1})";
        QCOMPARE(post(gzipped(event), "gzip").status, 200);
        QCOMPARE(post(gzipped(event) + gzipped("\n"), "gzip").status, 200); // two members are one text
        const HttpAnswer bomb = post(gzipped(QByteArray(20 << 20, ' ')), "gzip");
        QCOMPARE(bomb.status, 413);
        QVERIFY2(bomb.body.contains("16777216"), bomb.body.constData());
        QCOMPARE(post(gzipped(event).chopped(9), "gzip").status, 400);
        QCOMPARE(post(event, "gzip").status, 400);
        const HttpAnswer other = post(event, "br");
        QCOMPARE(other.status, 415);
        QCOMPARE(other.header("accept-encoding"), QByteArray("gzip"));
    }

    void cloudEventsComeInThreeModes()
    {
        const ServedWorkspace served("");
        const auto post = [&](const QByteArray &body, const QByteArray &headers) {
            return served.ask(served.request("POST", "/v1/cloudevents", "operator", body, headers));
        };
        const QByteArray one = R"({"specversion":"1.0","id":"1","source":"/a","type":"made","subject":"s1"})";
        QCOMPARE(post(one, "Content-Type: application/cloudevents+json; charset=UTF-8\r\n").status, 200);
        const HttpAnswer batch = post('[' + one + ',' + QByteArray(one).replace("\"1\"", "\"2\"") + ']',
                                      "Content-Type: application/cloudevents-batch+json\r\n");
        QCOMPARE(batch.json()[QLatin1String("stored")].toInt(), 1);
        QCOMPARE(batch.json()[QLatin1String("duplicate")].toInt(), 1); // source and id are an event's identity
        const QByteArray attributes = "ce-specversion: 1.0\r\nce-source: /b\r\nce-type: made\r\n"
                                      "ce-subject: Gr%C3%BC%C3%9Fe\r\nce-time: 2026-01-05T10:00:00Z\r\n";
        QCOMPARE(
            post(R"({"n":9007199254740993})", attributes + "ce-id: b1\r\nContent-Type: application/json\r\n").status,
            200);
        QCOMPARE(post("plain", attributes + "ce-id: b2\r\nContent-Type: text/plain\r\n").status, 200);
        QCOMPARE(
            post(QByteArray::fromHex("00ff"), attributes + "ce-id: b3\r\nContent-Type: application/octet-stream\r\n")
                .status,
            200);
        const QJsonArray stored = events(served);
        QCOMPARE(stored.size(), 5);
        const auto attribute = [&](int event, const char *name) {
            return stored[event].toObject()[QLatin1String("attrs")].toObject()[QLatin1String(name)];
        };
        QCOMPARE(attribute(2, "subject").toString(), QStringLiteral("Gr\u00fc\u00dfe"));
        QVERIFY(served.get("/api/v1/events").body.contains("9007199254740993")); // not through a double
        QCOMPARE(attribute(3, "data").toString(), QStringLiteral("plain"));
        QCOMPARE(attribute(4, "data_base64").toString(), QStringLiteral("AP8="));

        const HttpAnswer lacking = post("{}", "Content-Type: application/json\r\nce-id: 1\r\n");
        QCOMPARE(lacking.status, 400);
        QVERIFY(lacking.body.contains("ce-specversion"));
        QCOMPARE(events(served).size(), 5);
    }

    void prometheusTakesUsForItsAlertmanager()
    {
        const ServedWorkspace served("");
        const QByteArray alerts =
            R"([{"labels":{"alertname":"HighLoad","instance":"web-1:9100","severity":"critical"},"annotations":)"
            R"({"summary":"load is high"},"startsAt":"2026-01-05T10:00:00Z","endsAt":"2999-01-01T00:00:00Z",)"
            R"("generatorURL":"http://p/graph"},{"labels":{"alertname":"DiskFull","instance":"web-2:9100"},)"
            R"("startsAt":"2026-01-05T09:00:00Z","endsAt":"2026-01-05T09:30:00Z"}])";
        QCOMPARE(served.post("/api/v2/alerts", alerts, "operator").status, 200);
        QCOMPARE(served.post("/api/v2/alerts", alerts, "operator").status, 200); // Prometheus repeats itself
        const QJsonArray stored = events(served);
        QCOMPARE(stored.size(), 2);
        QCOMPARE(text(stored[0], "type"), QStringLiteral("alert.firing"));
        QCOMPARE(text(stored[0], "message"), QStringLiteral("load is high"));
        QCOMPARE(text(stored[1], "type"), QStringLiteral("alert.resolved"));
        QCOMPARE(served.post("/api/v2/alerts", R"([{"startsAt":"x"}])", "operator").status, 400);
        QCOMPARE(served.post("/api/v2/alerts", R"({"alerts":[]})", "operator").status, 400);
        const HttpAnswer webhook = served.post(
            "/v1/alertmanager",
            R"({"version":"4","groupKey":"{}","status":"firing","receiver":"r","alerts":[{"status":"firing","labels":)"
            R"({"alertname":"A","instance":"i"},"startsAt":"2026-01-05T10:00:00Z","fingerprint":"f"}]})",
            "operator");
        QCOMPARE(webhook.status, 200);
        QCOMPARE(events(served).size(), 3);
    }

    void webhooksShowTheirSecret_data()
    {
        QTest::addColumn<QByteArray>("intake");
        QTest::addColumn<QByteArray>("good");
        QTest::addColumn<QByteArray>("bad");
        const std::string body = R"({"action":"opened"})";
        const std::string digest = hexOfBytes(hmacSha256(Secret.toStdString(), body));
        const QByteArray hex = QByteArray::fromStdString(digest);
        QTest::newRow("GitHub") << QByteArray(R"("proof":"hmac","header":"x-hub-signature-256")")
                                << "X-Hub-Signature-256: sha256=" + hex + "\r\n"
                                << "X-Hub-Signature-256: sha256=" + QByteArray(hex).replace(0, 1, "g") + "\r\n";
        QTest::newRow("PagerDuty, two secrets") << QByteArray(R"("proof":"hmac","header":"x-pagerduty-signature")")
                                                << "X-PagerDuty-Signature: v1=00,v1=" + hex + "\r\n"
                                                << QByteArray("X-PagerDuty-Signature: v1=\r\n");
        QTest::newRow("token") << QByteArray(R"("proof":"token","header":"x-intake-token")")
                               << "X-Intake-Token: " + Secret + "\r\n"
                               << "X-Intake-Token: " + Secret + "x\r\n";
        QTest::newRow("bearer") << QByteArray(R"("proof":"token","header":"authorization")")
                                << "Authorization: Bearer " + Secret + "\r\n"
                                << QByteArray("Authorization: Bearer \r\n");
        QTest::newRow("twice") << QByteArray(R"("proof":"token","header":"x-intake-token")")
                               << "X-Intake-Token: " + Secret + "\r\n"
                               << "X-Intake-Token: " + Secret + "\r\nX-Intake-Token: " + Secret + "\r\n";
    }
    void webhooksShowTheirSecret()
    {
        QFETCH(QByteArray, intake);
        QFETCH(QByteArray, good);
        QFETCH(QByteArray, bad);
        const QTemporaryDir folder;
        const std::string directory = folder.path().toStdString();
        const ServedWorkspace withIntakes("", false, "default",
                                          [&](api::ApiOptions &options) { options.intakes = Workspace{directory}; });
        write(directory + "/secret", Secret + "\n", QFile::ReadOwner | QFile::WriteOwner);
        write(directory + "/intakes.json",
              "{\"intakes\":[{\"name\":\"hub\"," + intake + ",\"secret_file\":\"secret\"}]}", QFile::ReadOwner);
        const QByteArray body = R"({"action":"opened"})";
        const auto post = [&](const QByteArray &name, const QByteArray &headers) {
            return withIntakes.ask(withIntakes.request("POST", "/api/v1/intakes/" + name, nullptr, body, headers));
        };
        const HttpAnswer taken = post("hub", good);
        QVERIFY2(taken.status == 200, taken.body.constData());
        QCOMPARE(taken.json()[QLatin1String("stored")].toInt(), 1);
        const HttpAnswer refused = post("hub", bad);
        QCOMPARE(refused.status, 401);
        QVERIFY(!refused.body.contains(Secret));
        QCOMPARE(post("hub", "").status, 401);
        const HttpAnswer unknown = post("other", good);
        QCOMPARE(unknown.status, 401);
        QCOMPARE(unknown.body, refused.body); // nobody learns names
        QCOMPARE(events(withIntakes).size(), 1);

        write(directory + "/secret", Secret + "\n", QFile::ReadOwner | QFile::ReadOther | QFile::WriteOwner);
        const HttpAnswer open = post("hub", good);
        QCOMPARE(open.status, 503); // a secret that others may read is none
        QVERIFY(!open.body.contains(directory.c_str()));
    }

    void formsCarryTheirPayload()
    {
        const QTemporaryDir folder;
        const std::string directory = folder.path().toStdString();
        const ServedWorkspace served("", false, "default",
                                     [&](api::ApiOptions &options) { options.intakes = Workspace{directory}; });
        write(directory + "/secret", Secret, QFile::ReadOwner | QFile::WriteOwner);
        write(directory + "/intakes.json",
              R"({"intakes":[{"name":"hub","proof":"token","header":"x-t","secret_file":"secret"}]})",
              QFile::ReadOwner);
        const HttpAnswer taken =
            served.ask(served.request("POST", "/api/v1/intakes/hub", nullptr, "payload=%7B%22message%22%3A%22a+b%22%7D",
                                      "X-T: " + Secret + "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
        QVERIFY2(taken.status == 200, taken.body.constData());
        QCOMPARE(text(events(served)[0], "message"), QStringLiteral("a b"));
        // A service that only tries whether we are there.
        const HttpAnswer empty =
            served.ask(served.request("POST", "/api/v1/intakes/hub", nullptr, "", "X-T: " + Secret + "\r\n"));
        QCOMPARE(empty.status, 200);
    }

    void settingsAreNamedWhereTheyAreWrong_data()
    {
        QTest::addColumn<QByteArray>("file");
        QTest::addColumn<QByteArray>("why");
        QTest::newRow("no name") << QByteArray("{\"intakes\":[\n{\"secret_file\":\"s\"}]}") << QByteArray("name");
        QTest::newRow("proof") << QByteArray(
            "{\"intakes\":[\n{\"name\":\"a\",\"proof\":\"magic\",\"secret_file\":\"s\"}]}")
                               << QByteArray("standard");
        QTest::newRow("no secret") << QByteArray("{\"intakes\":[\n{\"name\":\"a\"}]}")
                                   << QByteArray("secret_env or secret_file");
        QTest::newRow("no header") << QByteArray(
            "{\"intakes\":[\n{\"name\":\"a\",\"proof\":\"hmac\",\"secret_file\":\"s\"}]}")
                                   << QByteArray("is no name of a header");
        QTest::newRow("twice") << QByteArray("{\"intakes\":[{\"name\":\"a\",\"secret_file\":\"s\"},\n"
                                             "{\"name\":\"a\",\"secret_file\":\"s\"}]}")
                               << QByteArray("two intakes are called a");
    }
    void settingsAreNamedWhereTheyAreWrong()
    {
        QFETCH(QByteArray, file);
        QFETCH(QByteArray, why);
        const QTemporaryDir folder;
        const Workspace workspace{folder.path().toStdString()};
        write(intakesFile(workspace), file, QFile::ReadOwner);
        const auto read = readIntakes(workspace);
        QVERIFY(!read);
        const std::string told = read.error().text();
        QVERIFY2(told.find(why.toStdString()) != std::string::npos, told.c_str());
        QVERIFY2(told.find("intakes.json:2") != std::string::npos, told.c_str());
    }

private:
    static void write(const std::string &path, const QByteArray &text, QFile::Permissions permissions)
    {
        QFile::remove(QString::fromStdString(path));
        QFile file(QString::fromStdString(path));
        QVERIFY(file.open(QIODevice::WriteOnly));
        QCOMPARE(file.write(text), text.size());
        file.close();
        QVERIFY(file.setPermissions(permissions));
    }
};

EVENTOPS_TEST(TestIntakes)
#include "tst_intakes.moc"
