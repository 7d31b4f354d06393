// SPDX-License-Identifier: MIT
#include "widgets/assistant/transform_panel.h"

#include "core/viewmodel/edited_text.h"
#include "core/viewmodel/shown_text.h"
#include "widgets/assistant/assistant_parts.h"
#include "widgets/assistant/assistant_view.h"
#include "widgets/theme/combo_box.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QItemSelectionModel>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QShortcut>
#include <QSplitter>
#include <QTabBar>
#include <QTableView>
#include <QVBoxLayout>

namespace eventops {
namespace {

constexpr int ColumnCharactersMax = 32;
constexpr int OwnRules = -1;
enum Tab { EventTab, RulesTab };

} // namespace

QWidget *makeTransformView(ViewContext &context, QWidget *parent)
{
    return new TransformPanel(context, parent);
}

TransformPanel::TransformPanel(ViewContext &context, QWidget *parent) : QWidget(parent), m_model(context)
{
    m_event = new PasteEdit;
    makeMono(*m_event, tr("Raw event"));
    m_event->setPlaceholderText(tr("Paste a raw event here, as its source sends it."));
    m_rules = new QPlainTextEdit;
    makeMono(*m_rules, tr("Rules of a JSONTransformer"));
    m_rules->setPlaceholderText(tr("Rules of a JSONTransformer, as JSON"));
    QWidget *const texts = makePages({tr("Event"), tr("Rules")}, {m_event, m_rules}, m_tabs);
    QWidget *const answer = makeAnswer();
    layOut(*this, makeBar(), texts, answer);
    setFocusProxy(m_event);
    for (const Qt::Key enter : {Qt::Key_Return, Qt::Key_Enter})
        new QShortcut(Qt::CTRL | enter, this, this, &TransformPanel::run, Qt::WidgetWithChildrenShortcut);
    connect(m_event, &PasteEdit::fileGiven, &m_model, &TransformTrialModel::openFile);
    connect(m_event, &PasteEdit::wholeTextGiven, this, &TransformPanel::putEvent);
    connect(&m_model, &TransformTrialModel::bodyRead, this, &TransformPanel::putEvent);
    connect(&m_model, &TransformTrialModel::choicesChanged, this, &TransformPanel::fillChoices);
    connect(&m_model, &TransformTrialModel::stateChanged, this, &TransformPanel::showState);
    connect(&Theme::instance(), &Theme::changed, this, &TransformPanel::showState);
    fillChoices();
    showState();
}

QWidget *TransformPanel::makeBar()
{
    auto *bar = new QWidget;
    QHBoxLayout *row = makeBarRow(*bar);
    m_choice = new ComboBox;
    m_choice->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    m_choice->setAccessibleName(tr("Transformer"));
    m_source = new QLineEdit;
    m_source->setPlaceholderText(tr("Name of the source"));
    m_source->setAccessibleName(tr("Name of the source that sent the event"));
    m_source->setMaximumWidth(themeMetric("filterWidth"));
    m_run = new QPushButton(tr("Try it"));
    m_run->setToolTip(tr("Ctrl+Enter"));
    row->addWidget(m_choice);
    row->addWidget(m_source, 1);
    row->addWidget(m_run);
    row->addStretch(1);
    connect(m_choice, &QComboBox::activated, this, &TransformPanel::choiceChanged);
    connect(m_run, &QPushButton::clicked, this, &TransformPanel::run);
    return bar;
}

QWidget *TransformPanel::makeAnswer()
{
    m_status = makeLine();
    m_rows = makeRowTable(tr("What would be stored"), TransformTrialModel::SeverityColumn,
                          TransformTrialModel::SeverityRole);
    m_rows->setModel(&m_model);
    m_details = new QPlainTextEdit;
    makeMono(*m_details, tr("Data of the event"));
    m_details->setReadOnly(true);
    auto *tables = new QSplitter(Qt::Vertical);
    tables->addWidget(m_rows);
    tables->addWidget(m_details);
    tables->setChildrenCollapsible(false);
    tables->setHandleWidth(themeMetric("space1"));
    auto *box = new QWidget;
    auto *column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_status);
    column->addWidget(tables, 1);
    connect(m_rows->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this](const QModelIndex &current) { m_details->setPlainText(m_model.details(current.row())); });
    return box;
}

void TransformPanel::fillChoices()
{
    const QString before = m_choice->count() > 1 ? m_choice->currentText() : QString(); // else nobody chose it
    m_choice->clear();
    for (std::size_t i = 0; i < m_model.choices().size(); ++i) {
        m_choice->addItem(m_model.choiceText(i), static_cast<int>(i));
        const QString summary = shownText(m_model.choices()[i].summary).toHtmlEscaped();
        if (!summary.isEmpty())
            m_choice->setItemData(m_choice->count() - 1, QStringLiteral("<qt>%1</qt>").arg(summary), Qt::ToolTipRole);
    }
    m_choice->addItem(tr("Rules written here"), OwnRules);
    const int same = m_choice->findText(before);
    m_choice->setCurrentIndex(std::max(same, 0));
    choiceChanged();
}

int TransformPanel::chosen() const
{
    return m_choice->currentData().toInt();
}

void TransformPanel::choiceChanged()
{
    const int choice = chosen();
    m_tabs->setTabEnabled(RulesTab, choice == OwnRules);
    m_tabs->setCurrentIndex(
        choice == OwnRules && m_rules->toPlainText().isEmpty() && !m_model.choices().empty() ? RulesTab : EventTab);
    if (choice >= 0 && m_model.choices()[static_cast<std::size_t>(choice)].id != 0)
        m_source->setText(shownText(m_model.choices()[static_cast<std::size_t>(choice)].source, ShownNameMax));
}

void TransformPanel::putEvent(const QString &text)
{
    const bool editable = isEditable(text);
    m_whole = editable ? QString() : text;
    m_event->showText(text, editable);
}

void TransformPanel::run()
{
    if (m_model.state() == TransformTrialModel::State::Running)
        return;
    const int choice = chosen();
    QString rules = choice == OwnRules ? m_rules->toPlainText() : QString();
    if (choice == OwnRules && rules.trimmed().isEmpty())
        rules = QStringLiteral("{}"); // whose error says what rules are
    m_model.run(choice, rules, m_source->text().trimmed(), m_event->isReadOnly() ? m_whole : m_event->toPlainText());
}

void TransformPanel::showState()
{
    using State = TransformTrialModel::State;
    const State state = m_model.state();
    m_run->setEnabled(state != State::Running);
    m_status->setText(state == State::Idle ? tr("What the transformer would store of the event comes here. Nothing is "
                                                "stored.")
                                           : m_model.statusText());
    QPalette palette = m_status->palette();
    palette.setColor(QPalette::WindowText, themeColor(state == State::Failed ? "severityError" : "text"));
    m_status->setPalette(palette);
    if (state == State::Done || state == State::Failed) {
        fitColumns(*m_rows, ColumnCharactersMax);
        m_rows->setCurrentIndex(m_model.index(0, 0));
        m_details->setPlainText(m_model.details(m_rows->currentIndex().row()));
    }
}

void TransformPanel::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    m_model.reload(); // somebody may have registered one meanwhile
}

} // namespace eventops
