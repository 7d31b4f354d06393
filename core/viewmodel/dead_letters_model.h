// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/refresher.h"
#include "core/viewmodel/row_list_model.h"
#include "core/viewmodel/view_context.h"

namespace eventops {

struct DeadLetterItem {
    QString key;         ///< Its id in the ledger.
    qint64 id = 0;
    QString reason, detail, source, preview;
    quint64 position = 0, size = 0;
    bool waiting = true; ///< False: it was redriven.
    QString trouble;     ///< Why the last redrive failed.
    bool busy = false;
    bool operator==(const DeadLetterItem &) const = default;
};

/// Raw records that could not become events, as the back end lists them, with a command that reads one again. Reads
/// nothing before `open`: a look at each is more than most screens need. Thread: UI.
class DeadLettersModel final : public RowListModel<DeadLetterItem>
{
    Q_OBJECT

public:
    enum Roles {
        IdRole = Qt::UserRole + 1, ReasonRole, DetailRole, SourceRole, PositionRole, SizeRole, PreviewRole, WaitingRole,
        TroubleRole, BusyRole,
    };

    explicit DeadLettersModel(ViewContext &context, QObject *parent = nullptr);
    ~DeadLettersModel() override;

    QVariant data(const QModelIndex &index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

    static constexpr std::uint64_t LettersMax = 1'000;

public Q_SLOTS:
    void open();     ///< Reads them, and from now on again whenever something changed.
    void close() { m_open = false; }
    void refresh();
    /// Reads the letter again with @p format, "" as the pipeline says; it must decode now, or stays as it was.
    void redrive(int row, const QString &format = {});

Q_SIGNALS:
    void redriven(qint64 id);

private:
    void ask();
    void finish(qint64 id, const Status &status);

    ViewContext &m_context;
    ReceiverGuard m_guard;
    Refresher m_refresher;
    Ticket m_ticket;
    std::vector<DeadLetterItem> m_page;
    QHash<qint64, QString> m_troubles;
    QSet<qint64> m_busy;
    bool m_open = false;
};

} // namespace eventops
