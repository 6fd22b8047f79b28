      *> A nightly run: it opens a store, sees to it that there is a
      *> hook with a trigger, publishes what the day has changed,
      *> delivers it, reads what became of it, and closes.
      *>
      *>   nightly hooks.db http://127.0.0.1:8099/events
       IDENTIFICATION DIVISION.
       PROGRAM-ID. NIGHTLY.

       DATA DIVISION.
       WORKING-STORAGE SECTION.
      *> A short TB-ANSWER, so that the list of deliveries comes in
      *> pieces.
           COPY "tieback.cpy" REPLACING ==X(32768)== BY ==X(600)==.

       01  WS-ARGUMENTS.
           05  WS-STORE                PIC X(256).
           05  WS-URL                  PIC X(256).
       01  WS-HOOK-ID                  PIC X(20).

      *> The changes of the day.
       01  WS-CHANGES.
           05  FILLER                  PIC X(60) VALUE
               "10042     Nut ""M8"" \ A2".
           05  FILLER                  PIC X(60) VALUE
               "10043     Washer 8,4".
           05  FILLER                  PIC X(60) VALUE
               "10044     Anchor M12".
       01  FILLER REDEFINES WS-CHANGES.
           05  WS-CHANGE OCCURS 3.
               10  WS-CHANGE-ID        PIC X(10).
               10  WS-CHANGE-NAME      PIC X(50).
       01  WS-ROW                      PIC 9(4) COMP-5.

      *> The list of deliveries as a whole.
       01  WS-LIST                     PIC X(65536) VALUE SPACES.
       01  WS-LIST-SIZE                PIC S9(9) COMP-5.
       01  WS-LIST-LENGTH              PIC S9(9) COMP-5 VALUE 0.
       01  WS-PIECES                   PIC 9(4) COMP-5 VALUE 1.
       01  WS-INDEX                    PIC ZZZ9.
       01  WS-MEMBER                   PIC X(40).
       01  WS-DELIVERY.
           05  WS-STATUS               PIC X(12).
           05  WS-RESOURCE-ID          PIC X(12).
           05  WS-ANSWERED             PIC X(6).
       01  WS-COUNT                    PIC ZZZ9.

       PROCEDURE DIVISION.
       MAIN-PARAGRAPH.
           ACCEPT WS-STORE FROM ARGUMENT-VALUE
           ACCEPT WS-URL FROM ARGUMENT-VALUE
           PERFORM OPEN-ENGINE
           PERFORM CREATE-HOOK
           PERFORM PUBLISH-CHANGE VARYING WS-ROW FROM 1 BY 1
               UNTIL WS-ROW > 3
           PERFORM MAKE-A-MISTAKE
           PERFORM DELIVER
           PERFORM READ-DELIVERIES
           PERFORM TB-CLOSE
           PERFORM END-UNLESS-OK
           DISPLAY "closed"
           STOP RUN.

       OPEN-ENGINE.
           PERFORM TB-NEW-JSON
           MOVE "/path" TO TB-POINTER
           MOVE WS-STORE TO TB-VALUE
           PERFORM TB-PUT-TEXT
      *>    The endpoint is on this machine, without TLS.
           MOVE "true" TO TB-VALUE
           MOVE "/danger_allow_http" TO TB-POINTER
           PERFORM TB-PUT-JSON
           MOVE "/danger_allow_private_addresses" TO TB-POINTER
           PERFORM TB-PUT-JSON
           PERFORM TB-OPEN
           PERFORM END-UNLESS-OK
           DISPLAY "opened".

      *> With JSON built by STRING: good where no value can have a quote
      *> or a backslash.
       CREATE-HOOK.
           PERFORM TB-NEW-JSON
           STRING '{"scope": {"company_id": 5358233}, "hook": {'
               '"namespace": "acme-nightly",'
               '"payload_version": "v2.0",'
               '"destination_url": "' DELIMITED BY SIZE
               WS-URL DELIMITED BY SPACE
               '"}}' DELIMITED BY SIZE
               INTO TB-JSON
               ON OVERFLOW
                   DISPLAY "TB-JSON is too short"
                   STOP RUN RETURNING 1
           END-STRING
           MOVE "hook_create" TO TB-OPERATION
           PERFORM TB-CALL
           PERFORM END-UNLESS-OK
           MOVE "/id" TO TB-POINTER
           PERFORM TB-READ-VALUE
           MOVE TB-VALUE TO WS-HOOK-ID
           DISPLAY "hook " WS-HOOK-ID

           PERFORM TB-NEW-JSON
           STRING '{"scope": {"company_id": 5358233}, "hook_id": "'
               DELIMITED BY SIZE
               WS-HOOK-ID DELIMITED BY SPACE
               '", "trigger": {"resource_name": "Company Users", '
               '"event_type": "update"}}' DELIMITED BY SIZE
               INTO TB-JSON
           END-STRING
           MOVE "trigger_create" TO TB-OPERATION
           PERFORM TB-CALL
           PERFORM END-UNLESS-OK.

      *> With JSON built value by value: good for whatever a field has.
       PUBLISH-CHANGE.
           PERFORM TB-NEW-JSON
           MOVE "5358233" TO TB-VALUE
           MOVE "/event/company_id" TO TB-POINTER
           PERFORM TB-PUT-TEXT
           MOVE "Company Users" TO TB-VALUE
           MOVE "/event/resource_name" TO TB-POINTER
           PERFORM TB-PUT-TEXT
           MOVE WS-CHANGE-ID(WS-ROW) TO TB-VALUE
           MOVE "/event/resource_id" TO TB-POINTER
           PERFORM TB-PUT-TEXT
           MOVE "update" TO TB-VALUE
           MOVE "/event/event_type" TO TB-POINTER
           PERFORM TB-PUT-TEXT
           MOVE WS-CHANGE-NAME(WS-ROW) TO TB-VALUE
           MOVE "/event/metadata/source_operation_id" TO TB-POINTER
           PERFORM TB-PUT-TEXT
           MOVE "publish" TO TB-OPERATION
           PERFORM TB-CALL
           PERFORM END-UNLESS-OK
           MOVE "/deliveries" TO TB-POINTER
           PERFORM TB-READ-VALUE
           DISPLAY "published " WS-CHANGE-ID(WS-ROW)
               "deliveries " TB-VALUE(1:4).

      *> An error is an answer like any other.
       MAKE-A-MISTAKE.
           PERFORM TB-NEW-JSON
           MOVE "hook_lst" TO TB-OPERATION
           PERFORM TB-CALL
           IF TB-INVALID-ARGUMENT
               PERFORM TB-READ-MESSAGE
               DISPLAY "refused: " FUNCTION TRIM(TB-MESSAGE)
           ELSE
               PERFORM END-UNLESS-OK
           END-IF.

       DELIVER.
           PERFORM TB-NEW-JSON
           MOVE '{"timeout_ms": 30000, "wait_paused": true}' TO TB-JSON
           MOVE "run_until_idle" TO TB-OPERATION
           PERFORM TB-CALL
           PERFORM END-UNLESS-OK
           MOVE "/attempts" TO TB-POINTER
           PERFORM TB-READ-VALUE
           DISPLAY "attempts " TB-VALUE(1:4).

      *> The answer is longer than TB-ANSWER: its pieces are put
      *> together in WS-LIST, and read there.
       READ-DELIVERIES.
           PERFORM TB-NEW-JSON
           STRING '{"scope": {"company_id": 5358233}, "hook_id": "'
               DELIMITED BY SIZE
               WS-HOOK-ID DELIMITED BY SPACE
               '"}' DELIMITED BY SIZE
               INTO TB-JSON
           END-STRING
           MOVE "delivery_list" TO TB-OPERATION
           PERFORM TB-CALL
           PERFORM END-UNLESS-OK
           IF TB-NEEDED > LENGTH OF WS-LIST
               DISPLAY "the list has " TB-NEEDED " bytes: ask for pages"
               STOP RUN RETURNING 1
           END-IF
           PERFORM KEEP-PIECE
           PERFORM UNTIL TB-REST = 0
               PERFORM TB-READ-ON
               PERFORM END-UNLESS-OK
               ADD 1 TO WS-PIECES
               PERFORM KEEP-PIECE
           END-PERFORM
           MOVE WS-PIECES TO WS-COUNT
           DISPLAY "pieces " WS-COUNT

           MOVE 0 TO WS-ROW
           MOVE 0 TO TB-STATUS
           PERFORM READ-DELIVERY UNTIL NOT TB-OK.

       KEEP-PIECE.
           MOVE TB-ANSWER(1:TB-WRITTEN)
               TO WS-LIST(WS-LIST-LENGTH + 1:TB-WRITTEN)
           ADD TB-WRITTEN TO WS-LIST-LENGTH.

       READ-DELIVERY.
           MOVE "/status" TO WS-MEMBER
           PERFORM READ-MEMBER
           IF TB-OK
               MOVE TB-VALUE TO WS-STATUS
               MOVE "/event/resource_id" TO WS-MEMBER
               PERFORM READ-MEMBER
               MOVE TB-VALUE TO WS-RESOURCE-ID
               MOVE "/attempts/0/response_status" TO WS-MEMBER
               PERFORM READ-MEMBER
               MOVE TB-VALUE TO WS-ANSWERED
               DISPLAY "delivery of " WS-RESOURCE-ID WS-STATUS
                   WS-ANSWERED
               ADD 1 TO WS-ROW
           END-IF.

      *> A member of one item of the list.
       READ-MEMBER.
           MOVE WS-ROW TO WS-INDEX
           MOVE SPACES TO TB-POINTER
           STRING "/items/" FUNCTION TRIM(WS-INDEX)
               FUNCTION TRIM(WS-MEMBER)
               DELIMITED BY SIZE INTO TB-POINTER
           END-STRING
           MOVE LENGTH OF WS-LIST TO WS-LIST-SIZE
           MOVE LENGTH OF TB-POINTER TO TB-POINTER-SIZE
           MOVE LENGTH OF TB-VALUE TO TB-VALUE-SIZE
           CALL "tieback_json_text_padded" USING
               BY REFERENCE WS-LIST
               BY VALUE     WS-LIST-SIZE
               BY REFERENCE TB-POINTER
               BY VALUE     TB-POINTER-SIZE
               BY REFERENCE TB-VALUE
               BY VALUE     TB-VALUE-SIZE
               BY REFERENCE TB-VALUE-LENGTH
               RETURNING    TB-STATUS
           END-CALL.

       END-UNLESS-OK.
           IF NOT TB-OK
               PERFORM TB-READ-MESSAGE
               DISPLAY FUNCTION TRIM(TB-OPERATION) ": status "
                   TB-STATUS ": " FUNCTION TRIM(TB-MESSAGE)
               STOP RUN RETURNING 1
           END-IF.

           COPY "tiebackp.cpy".

       END PROGRAM NIGHTLY.
