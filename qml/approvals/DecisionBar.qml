// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Models
import EventOps.Theme

// What a person can do with the current action: always in sight, two keystrokes a decision.
Rectangle {
    id: bar
    required property ApprovalsController controller
    required property ApprovalsModel queue
    readonly property bool isDeciding: controller.mode !== ApprovalsController.Browsing
    readonly property bool isApproving: controller.mode === ApprovalsController.Approving
    readonly property bool isOpen: controller.currentWaits && !controller.busy
    signal finished()

    color: Theme.color.surface
    implicitHeight: content.implicitHeight + 2 * Theme.metric.space3

    Connections {
        target: bar.controller
        function onModeChanged() {
            if (!bar.isDeciding) {
                reason.focus = false
                bar.finished()
                return
            }
            reason.text = bar.controller.offeredReason
            reason.forceActiveFocus()
            reason.selectAll()
        }
    }

    Rectangle {
        width: parent.width
        height: Theme.metric.border
        color: Theme.color.border
    }
    ColumnLayout {
        id: content
        spacing: Theme.metric.space2
        anchors {
            left: parent.left
            right: parent.right
            top: parent.top
            margins: Theme.metric.space3
        }

        PlainText {
            text: bar.controller.problem
            visible: text !== ""
            color: Theme.color.severityError
            wrapMode: Text.Wrap
            maximumLineCount: 4
            Layout.fillWidth: true
        }
        MutedText {
            visible: bar.isDeciding
            text: bar.isApproving ? qsTr("Approve exactly what is shown. Why?") : qsTr("Reject it. Why?")
            Layout.fillWidth: true
        }
        RowLayout {
            visible: bar.isDeciding
            spacing: Theme.metric.space2

            EntryField {
                id: reason
                objectName: "reasonField"
                maximumLength: bar.controller.reasonMax
                placeholderText: bar.controller.offeredReason
                Accessible.name: qsTr("Reason of the decision")
                Layout.fillWidth: true
                Keys.onReturnPressed: bar.controller.confirm(text)
                Keys.onEnterPressed: bar.controller.confirm(text)
                Keys.onEscapePressed: bar.controller.cancel()
            }
            ActionButton {
                text: bar.isApproving ? qsTr("Approve") : qsTr("Reject")
                keyName: "↵"
                isPrimary: true
                onClicked: bar.controller.confirm(reason.text)
            }
            ActionButton {
                keyName: "Esc"
                Accessible.name: qsTr("Cancel")
                onClicked: bar.controller.cancel()
            }
        }
        RowLayout {
            visible: !bar.isDeciding && bar.controller.mayDecide && (bar.isOpen || bar.controller.busy)
            spacing: Theme.metric.space2

            ActionButton {
                objectName: "approveButton"
                text: bar.controller.busy ? qsTr("Under way …") : qsTr("Approve")
                keyName: bar.controller.busy ? "" : "A"
                iconName: bar.controller.busy ? "hourglass" : "check"
                isPrimary: true
                enabled: bar.isOpen
                onClicked: bar.controller.beginApprove()
                Layout.fillWidth: true
            }
            ActionButton {
                objectName: "rejectButton"
                text: qsTr("Reject")
                keyName: "R"
                iconName: "x"
                enabled: bar.isOpen
                onClicked: bar.controller.beginReject()
                Layout.fillWidth: true
            }
        }
        MutedText {
            visible: !bar.controller.mayDecide
            text: qsTr("You may look. Approving and rejecting need the role of an approver.")
            wrapMode: Text.Wrap
            Layout.fillWidth: true
        }
        Row {
            visible: !bar.isDeciding
            spacing: Theme.metric.space3

            KeyHint { keyName: "J"; does: qsTr("next") }
            KeyHint { keyName: "K"; does: qsTr("previous") }
            KeyHint { keyName: "↵"; does: qsTr("show evidence") }
        }
    }
}
