// SPDX-License-Identifier: MIT
#include "widgets/inspector/inspector_view.h"

#include "core/viewmodel/inspector_model.h"
#include "core/viewmodel/view_context.h"
#include "widgets/theme/focus_relay.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QClipboard>
#include <QCoreApplication>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QPlainTextEdit>
#include <QSplitter>
#include <QStackedWidget>
#include <QStyledItemDelegate>
#include <QTreeView>
#include <QVBoxLayout>

namespace eventops {
namespace {

using Kind = InspectorModel::Kind;

/// Sections and findings span the row: title, and its note beside it; hex lines in the fixed font.
class InspectorDelegate final : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        QSize size = QStyledItemDelegate::sizeHint(option, index);
        size.setHeight(themeMetric("rowHeight"));
        return size;
    }

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        QStyleOptionViewItem item = option;
        initStyleOption(&item, index);
        const Kind kind = index.data(InspectorModel::KindRole).value<Kind>();
        const bool selected = (option.state & QStyle::State_Selected) != 0;
        item.text.clear();
        const QWidget *widget = option.widget;
        QStyle *style = widget != nullptr ? widget->style() : QApplication::style();
        style->drawControl(QStyle::CE_ItemViewItem, &item, painter, widget);
        const Theme &theme = Theme::instance();
        QRect rect = option.rect.adjusted(themeMetric("space1"), 0, -themeMetric("space1"), 0);
        const bool mono = kind == Kind::Bytes || index.column() > 0;
        QFont font = theme.font(mono ? Theme::FontRole::Mono : Theme::FontRole::Body);
        if (kind == Kind::Section)
            font.setWeight(QFont::DemiBold);
        const bool quiet = index.column() == 1 || kind == Kind::Field || kind == Kind::Change;
        const char *token = selected ? "selectionText" : quiet && index.column() < 2 ? "textMuted" : "text";
        painter->save();
        const auto write = [&](const QString &text, const QFont &with, const QColor &color) {
            painter->setFont(with);
            painter->setPen(color);
            const QFontMetrics metrics(with);
            const QString shown = metrics.elidedText(text, Qt::ElideRight, rect.width());
            painter->drawText(rect, Qt::AlignVCenter | Qt::AlignLeft | Qt::TextSingleLine, shown);
            rect.setLeft(rect.left() + metrics.horizontalAdvance(shown) + themeMetric("space2"));
        };
        const double bits = index.data(InspectorModel::BitsRole).toDouble();
        if (kind == Kind::Finding) {
            const int severity = index.data(InspectorModel::SeverityRole).toInt();
            const QString lead = bits > 0.0 ? QStringLiteral("%1 bits").arg(bits, 0, 'f', 1) : QStringLiteral("rule");
            write(lead, font, selected ? theme.color(QStringLiteral("selectionText")) : theme.severityColor(severity));
        }
        write(index.data(Qt::DisplayRole).toString(), font, themeColor(token));
        if (kind == Kind::Section || kind == Kind::Action) {
            const QModelIndex other = index.siblingAtColumn(kind == Kind::Section ? 1 : 2);
            write(other.data().toString(), theme.font(Theme::FontRole::Small),
                  themeColor(selected ? "selectionText" : "textMuted"));
        }
        painter->restore();
    }
};

class InspectorView final : public QWidget
{
    Q_DECLARE_TR_FUNCTIONS(InspectorView)

public:
    InspectorView(ViewContext &context, QWidget *parent)
        : QWidget(parent), m_model(new InspectorModel(context, this)), m_pages(new QStackedWidget(this))
    {
        auto *column = new QVBoxLayout(this);
        column->setContentsMargins(0, 0, 0, 0);
        column->addWidget(m_pages);
        m_notice = makeLabel(Theme::FontRole::Body);
        m_notice->setAlignment(Qt::AlignCenter);
        m_notice->setWordWrap(true);
        m_notice->setObjectName(QStringLiteral("muted"));
        m_notice->setMargin(themeMetric("space5"));
        m_pages->addWidget(m_notice);
        m_pages->addWidget(makeStory());
        relayFocus(*this, *m_tree);
        connect(m_model, &InspectorModel::stateChanged, this, &InspectorView::showState);
        connect(m_model, &QAbstractItemModel::modelReset, this, &InspectorView::spread);
        spread();
        showState();
    }

protected:
    void resizeEvent(QResizeEvent *event) override
    {
        QWidget::resizeEvent(event);
        constexpr int Narrow = 8, Wide = 16, Characters = 6 + 2 + 3 * Wide + 1 + Wide + 6;
        const QFontMetrics metrics(Theme::instance().font(Theme::FontRole::Mono));
        m_model->setBytesPerLine(width() >= metrics.averageCharWidth() * Characters ? Wide : Narrow);
        layColumns();
    }
    bool eventFilter(QObject *object, QEvent *event) override
    {
        if (event->type() == QEvent::KeyPress && static_cast<QKeyEvent *>(event)->matches(QKeySequence::Copy)) {
            QApplication::clipboard()->setText(m_tree->currentIndex().data(InspectorModel::FullTextRole).toString());
            return true;
        }
        return QWidget::eventFilter(object, event);
    }

private:
    QLabel *makeLabel(Theme::FontRole role)
    {
        auto *label = new QLabel(this);
        label->setTextFormat(Qt::PlainText);
        label->setFont(Theme::instance().font(role));
        return label;
    }

    QWidget *makeStory()
    {
        auto *page = new QWidget(this);
        auto *column = new QVBoxLayout(page);
        column->setContentsMargins(0, themeMetric("space2"), 0, 0);
        column->setSpacing(themeMetric("space1"));
        auto *head = new QVBoxLayout;
        head->setContentsMargins(themeMetric("space3"), 0, themeMetric("space3"), 0);
        head->setSpacing(0);
        m_title = makeLabel(Theme::FontRole::Title);
        m_title->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
        m_subtitle = makeLabel(Theme::FontRole::Small);
        m_subtitle->setObjectName(QStringLiteral("muted"));
        head->addWidget(m_title);
        head->addWidget(m_subtitle);
        column->addLayout(head);
        auto *split = new QSplitter(Qt::Vertical, page);
        split->setChildrenCollapsible(false);
        m_tree = new QTreeView(split);
        m_tree->setModel(m_model);
        m_tree->setItemDelegate(new InspectorDelegate(m_tree));
        m_tree->setUniformRowHeights(true);
        m_tree->setAllColumnsShowFocus(true);
        m_tree->setEditTriggers(QAbstractItemView::NoEditTriggers);
        m_tree->setSelectionBehavior(QAbstractItemView::SelectRows);
        m_tree->setIndentation(themeMetric("space4"));
        m_tree->setFrameShape(QFrame::NoFrame);
        m_tree->setAccessibleName(tr("The event, stage by stage"));
        m_tree->header()->setStretchLastSection(true);
        m_tree->header()->setMinimumSectionSize(themeMetric("space5") * 2);
        m_tree->installEventFilter(this);
        m_detail = new QPlainTextEdit(split);
        m_detail->setReadOnly(true);
        m_detail->setFont(Theme::instance().font(Theme::FontRole::Mono));
        m_detail->setFrameShape(QFrame::NoFrame);
        m_detail->setTabChangesFocus(true);
        m_detail->setAccessibleName(tr("The whole value"));
        m_detail->setPlaceholderText(tr("The whole of the value that is selected above"));
        split->setStretchFactor(0, 4);
        split->setStretchFactor(1, 1);
        column->addWidget(split, 1);
        connect(m_tree->selectionModel(), &QItemSelectionModel::currentChanged, this,
                [this](const QModelIndex &current) {
                    m_detail->setPlainText(current.data(InspectorModel::FullTextRole).toString());
                });
        return page;
    }

    /// No name of a column is cut; what is left goes to what they hold.
    void layColumns()
    {
        const int width = std::max(m_tree->viewport()->width(), themeMetric("sideWidth"));
        const auto least = [&](int column, int wanted) {
            m_tree->setColumnWidth(column, std::max(wanted, m_tree->header()->sectionSizeHint(column)));
        };
        least(0, width / 3);
        least(1, width / 4);
    }

    /// Opens what a person looks for first, spans what is not in columns, and goes back to where they were.
    void spread()
    {
        layColumns();
        const std::function<void(const QModelIndex &)> visit = [&](const QModelIndex &parent) {
            for (int row = 0; row < m_model->rowCount(parent); ++row) {
                const QModelIndex index = m_model->index(row, 0, parent);
                const Kind kind = index.data(InspectorModel::KindRole).value<Kind>();
                m_tree->setFirstColumnSpanned(row, parent,
                                              kind == Kind::Section || kind == Kind::Bytes || kind == Kind::Finding
                                                  || kind == Kind::Action);
                const bool isBytes = !parent.isValid() && row == 0;
                m_tree->setExpanded(index, kind != Kind::Action && !isBytes);
                if (m_model->hasChildren(index))
                    visit(index);
            }
        };
        visit({});
        m_tree->setCurrentIndex(m_model->index(0, 0));
    }

    void showState()
    {
        switch (m_model->state()) {
        case InspectorModel::State::Empty:
            m_notice->setText(
                tr("No event is selected.\nChoose one in the events, the timeline or a finding: it is shown "
                   "here from its raw bytes to what came of it."));
            break;
        case InspectorModel::State::Loading: m_notice->setText(tr("Reading the event…")); break;
        case InspectorModel::State::Failed:
            m_notice->setText(
                tr("The event cannot be shown: %1\nChoose it again, or another one.").arg(m_model->error()));
            break;
        case InspectorModel::State::Ready:
            m_title->setText(m_model->title());
            m_subtitle->setText(m_model->subtitle());
            break;
        }
        m_pages->setCurrentIndex(m_model->state() == InspectorModel::State::Ready ? 1 : 0);
    }

    InspectorModel *m_model;
    QStackedWidget *m_pages;
    QLabel *m_notice = nullptr, *m_title = nullptr, *m_subtitle = nullptr;
    QTreeView *m_tree = nullptr;
    QPlainTextEdit *m_detail = nullptr;
};

} // namespace

QWidget *makeInspectorView(ViewContext &context, QWidget *parent)
{
    return new InspectorView(context, parent);
}

} // namespace eventops
