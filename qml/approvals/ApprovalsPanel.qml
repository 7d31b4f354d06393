// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import QtQuick.Templates as T
import EventOps.Models
import EventOps.Theme

// The approval queue: cards above, and below, always in sight, what to do with the current one.
Panel {
    id: panel
    required property ApprovalsModel queue
    required property ApprovalsController controller
    readonly property bool isDeciding: controller.mode !== ApprovalsController.Browsing

    Keys.onPressed: event => {
        if (panel.isDeciding || event.modifiers & (Qt.ControlModifier | Qt.AltModifier | Qt.MetaModifier))
            return
        event.accepted = true
        switch (event.key) {
        case Qt.Key_Down: case Qt.Key_J: panel.controller.selectNext(); break
        case Qt.Key_Up: case Qt.Key_K: panel.controller.selectPrevious(); break
        case Qt.Key_A: panel.controller.beginApprove(); break
        case Qt.Key_R: panel.controller.beginReject(); break
        case Qt.Key_Return: case Qt.Key_Enter: panel.controller.select(panel.controller.currentRow); break
        case Qt.Key_PageDown: list.flick(0, -list.height * 4); break
        case Qt.Key_PageUp: list.flick(0, list.height * 4); break
        default: event.accepted = false
        }
    }

    ColumnLayout {
        anchors.fill: parent
        spacing: 0

        ListView {
            id: list
            objectName: "approvalsList"
            clip: true
            visible: count > 0
            model: panel.queue
            currentIndex: panel.controller.currentRow
            spacing: Theme.metric.space2
            boundsBehavior: Flickable.StopAtBounds
            highlightFollowsCurrentItem: false
            reuseItems: false
            topMargin: Theme.metric.space2
            bottomMargin: Theme.metric.space2
            section.property: "section"
            section.delegate: SectionTitle {
                required property string section
                text: section === "waiting" ? qsTr("Waiting for a decision (%1)").arg(panel.queue.waitingCount)
                                            : qsTr("Decided")
                width: ListView.view.width
                leftPadding: Theme.metric.space3
                topPadding: Theme.metric.space1
                bottomPadding: Theme.metric.space2
            }
            delegate: ApprovalCard {
                x: Theme.metric.space2
                width: ListView.view.width - 2 * Theme.metric.space2
                onActivated: {
                    panel.forceActiveFocus()
                    panel.controller.select(index)
                }
                onHeightChanged: if (isCurrent) Qt.callLater(list.showCurrent)
            }
            Layout.fillWidth: true
            Layout.fillHeight: true
            // The whole card where it fits, else its head.
            function showCurrent() {
                if (currentItem)
                    positionViewAtIndex(currentIndex, currentItem.height > height ? ListView.Beginning
                                                                                  : ListView.Contain)
            }
            onCurrentIndexChanged: Qt.callLater(showCurrent)
            onHeightChanged: Qt.callLater(showCurrent)

            T.ScrollBar.vertical: ScrollMark {}
        }
        ApprovalsState {
            queue: panel.queue
            visible: !list.visible
            Layout.fillWidth: true
            Layout.fillHeight: true
        }
        DecisionBar {
            id: bar
            controller: panel.controller
            queue: panel.queue
            visible: list.visible
            onFinished: panel.forceActiveFocus()
            Layout.fillWidth: true
        }
    }
}
