// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import QtQuick.Templates as T
import EventOps.Models
import EventOps.Theme

// What is wrong, newest first; the current one with all that explains it.
Panel {
    id: panel
    required property FindingsModel findings
    required property FeedbackController feedback

    Keys.onPressed: event => {
        if (event.matches(StandardKey.Find)) {
            event.accepted = true
            filterBar.open()
            return
        }
        if (event.modifiers & (Qt.ControlModifier | Qt.AltModifier | Qt.MetaModifier))
            return
        event.accepted = true
        switch (event.key) {
        case Qt.Key_Down: case Qt.Key_J: panel.findings.selectNext(); break
        case Qt.Key_Up: case Qt.Key_K: panel.findings.selectPrevious(); break
        case Qt.Key_Home: panel.findings.select(0); break
        case Qt.Key_End: panel.findings.select(panel.findings.count - 1); break
        case Qt.Key_Return: case Qt.Key_Enter:
            panel.findings.select(Math.max(0, panel.findings.currentRow))
            break
        case Qt.Key_Slash: filterBar.open(); break
        case Qt.Key_O: panel.findings.openOnly = !panel.findings.openOnly; break
        case Qt.Key_A: panel.findings.showSuggestion(panel.findings.currentRow); break
        case Qt.Key_D: panel.feedback.beginDismiss(); break
        case Qt.Key_C: panel.feedback.beginConfirm(); break
        case Qt.Key_Minus: panel.feedback.lessBudget(); break
        case Qt.Key_Plus: panel.feedback.moreBudget(); break
        case Qt.Key_1: case Qt.Key_2: case Qt.Key_3: case Qt.Key_4: case Qt.Key_5:
            panel.findings.selectRanked(event.key - Qt.Key_1)
            break
        default: event.accepted = false
        }
    }

    ColumnLayout {
        anchors.fill: parent
        spacing: 0

        RowLayout {
            visible: list.visible || filterBar.visible
            spacing: Theme.metric.space3
            Layout.fillWidth: true
            Layout.margins: Theme.metric.space3
            Layout.bottomMargin: Theme.metric.space1

            SectionTitle {
                text: qsTr("%1 open of %2").arg(panel.findings.openCount).arg(panel.findings.count)
                Layout.fillWidth: true
            }
            KeyHint { keyName: "J" }
            KeyHint { keyName: "K"; does: qsTr("move") }
            KeyHint { keyName: "A"; does: qsTr("to its action") }
            KeyHint { keyName: "/"; does: qsTr("filter") }
        }
        FindingsFilter {
            id: filterBar
            findings: panel.findings
            onDismissed: panel.forceActiveFocus()
            Layout.fillWidth: true
            Layout.leftMargin: Theme.metric.space3
            Layout.rightMargin: Theme.metric.space3
            Layout.bottomMargin: Theme.metric.space1
        }
        SurpriseRanking {
            findings: panel.findings
            Layout.fillWidth: true
            Layout.leftMargin: Theme.metric.space3
            Layout.rightMargin: Theme.metric.space3
            Layout.topMargin: Theme.metric.space1
            Layout.bottomMargin: Theme.metric.space2
        }
        ListView {
            id: list
            objectName: "findingsList"
            clip: true
            visible: count > 0
            model: panel.findings
            currentIndex: panel.findings.currentRow
            spacing: Theme.metric.space2
            boundsBehavior: Flickable.StopAtBounds
            highlightFollowsCurrentItem: false
            topMargin: Theme.metric.space1
            bottomMargin: Theme.metric.space2
            delegate: FindingCard {
                feedback: panel.feedback
                x: Theme.metric.space2
                width: ListView.view.width - 2 * Theme.metric.space2
                onActivated: {
                    panel.forceActiveFocus()
                    panel.findings.select(index)
                }
                onSuggestionWanted: panel.findings.showSuggestion(index)
                onTaught: panel.forceActiveFocus()
                onHeightChanged: if (isCurrent) Qt.callLater(list.showCurrent)
            }
            Layout.fillWidth: true
            Layout.fillHeight: true
            function showCurrent() {
                if (currentItem)
                    positionViewAtIndex(currentIndex, currentItem.height > height ? ListView.Beginning
                                                                                  : ListView.Contain)
            }
            onCurrentIndexChanged: Qt.callLater(showCurrent)

            T.ScrollBar.vertical: ScrollMark {}
        }
        BudgetBar {
            feedback: panel.feedback
            listHeightMax: Math.max(Theme.metric.space5 * 2, panel.height / 4)
            Layout.fillWidth: true
            Layout.margins: Theme.metric.space3
            Layout.topMargin: Theme.metric.space1
            Layout.bottomMargin: Theme.metric.space2
        }
        FindingsState {
            findings: panel.findings
            visible: !list.visible
            Layout.fillWidth: true
            Layout.fillHeight: true
        }
    }
}
