      * What else a COBOL program meets: values that do not fit, fields
      * full of LOW-VALUES, literals with a NUL, handles that are
      * closed, and the functions for NUL-terminated text.
       IDENTIFICATION DIVISION.
       PROGRAM-ID. EDGES.

       DATA DIVISION.
       WORKING-STORAGE SECTION.
           COPY "tieback.cpy" REPLACING ==X(8192)== BY ==X(500)==.
       01  WS-STORE                    PIC X(256).
       01  WS-BEFORE                   PIC X(500).
       01  WS-FAILURES                 PIC 9(3) VALUE 0.
       01  WS-CLAIM                    PIC X(60).
       01  WS-CLOSED-HANDLE            PIC S9(9) COMP-5.
       01  WS-OUT                      PIC X(200).
       01  WS-OUT-SIZE                 PIC S9(9) COMP-5.

       PROCEDURE DIVISION.
       MAIN-PARAGRAPH.
           ACCEPT WS-STORE FROM ARGUMENT-VALUE
           PERFORM CHECK-PUTS
           PERFORM CHECK-HANDLES
           PERFORM CHECK-LOW-VALUES
           PERFORM CHECK-READING
           PERFORM CHECK-NUL-TERMINATED
           IF WS-FAILURES > 0
               STOP RUN RETURNING 1
           END-IF
           DISPLAY "all is as it should be"
           STOP RUN.

       CHECK-PUTS.
           PERFORM TB-NEW-JSON
           MOVE WS-STORE TO TB-VALUE
           MOVE "/path" TO TB-POINTER
           PERFORM TB-PUT-TEXT
           MOVE TB-JSON TO WS-BEFORE
      *    Longer than the field: it stays as it was.
           MOVE ALL "x" TO TB-VALUE
           MOVE "/surplus" TO TB-POINTER
           PERFORM TB-PUT-TEXT
           MOVE "a value without room is refused" TO WS-CLAIM
           IF NOT TB-INVALID-ARGUMENT OR TB-JSON NOT = WS-BEFORE
               PERFORM TELL
           END-IF
      *    A later one that fits does not hide that.
           MOVE "true" TO TB-VALUE
           MOVE "/danger_allow_http" TO TB-POINTER
           PERFORM TB-PUT-JSON
           MOVE "a value with room is put" TO WS-CLAIM
           IF NOT TB-OK
               PERFORM TELL
           END-IF
           PERFORM TB-OPEN
           MOVE "no call is made with JSON that lacks a value"
               TO WS-CLAIM
           IF NOT TB-INVALID-ARGUMENT OR TB-HANDLE NOT = 0
               PERFORM TELL
           END-IF
           PERFORM TB-READ-MESSAGE
           MOVE "the message says it" TO WS-CLAIM
           IF TB-MESSAGE(1:11) NOT = "a value cou"
               OR NOT TB-INVALID-ARGUMENT
               PERFORM TELL
           END-IF.

       CHECK-HANDLES.
           PERFORM TB-NEW-JSON
           MOVE WS-STORE TO TB-VALUE
           MOVE "/path" TO TB-POINTER
           PERFORM TB-PUT-TEXT
           PERFORM TB-OPEN
           MOVE "an engine opens" TO WS-CLAIM
           IF NOT TB-OK OR TB-HANDLE = 0
               PERFORM TELL
           END-IF
           MOVE TB-HANDLE TO WS-CLOSED-HANDLE
           PERFORM TB-CLOSE
           MOVE "an engine closes" TO WS-CLAIM
           IF NOT TB-OK OR TB-HANDLE NOT = 0
               PERFORM TELL
           END-IF
           MOVE WS-CLOSED-HANDLE TO TB-HANDLE
           MOVE "stats" TO TB-OPERATION
           PERFORM TB-CALL
           MOVE "a closed handle is closed" TO WS-CLAIM
           IF NOT TB-CLOSED OR NOT TB-GROUP-ENDED
               PERFORM TELL
           END-IF
           MOVE 0 TO TB-HANDLE
           PERFORM TB-CALL
           MOVE "no handle is your call" TO WS-CLAIM
           IF NOT TB-INVALID-ARGUMENT OR NOT TB-GROUP-YOUR-CALL
               PERFORM TELL
           END-IF.

       CHECK-LOW-VALUES.
           MOVE LOW-VALUES TO TB-JSON
           MOVE LOW-VALUES TO TB-OPERATION
           MOVE "operations" TO TB-OPERATION(1:10)
           PERFORM TB-CALL
           MOVE "LOW-VALUES are as good as blanks" TO WS-CLAIM
           IF NOT TB-OK
               PERFORM TELL
           END-IF
           MOVE Z"operations" TO TB-OPERATION
           PERFORM TB-CALL
           MOVE "a literal with a NUL ends there" TO WS-CLAIM
           IF NOT TB-OK
               PERFORM TELL
           END-IF.

       CHECK-READING.
           MOVE "/operations/0/name" TO TB-POINTER
           PERFORM TB-READ-VALUE
           MOVE "a value is read" TO WS-CLAIM
           IF NOT TB-OK OR TB-VALUE NOT = "engine_open"
               OR TB-VALUE-LENGTH NOT = 11
               PERFORM TELL
           END-IF
           MOVE "/operations/999/name" TO TB-POINTER
           PERFORM TB-READ-VALUE
           MOVE "what is not there leaves a blank field" TO WS-CLAIM
           IF NOT TB-NOT-FOUND OR NOT TB-GROUP-WHAT-IS-THERE
               OR TB-VALUE NOT = SPACES OR TB-VALUE-LENGTH NOT = 0
               PERFORM TELL
           END-IF.

      * For a compiler that has Z literals, or fields with X"00" behind
      * the text: the functions that C calls.
       CHECK-NUL-TERMINATED.
           MOVE LENGTH OF WS-OUT TO WS-OUT-SIZE
           CALL "tieback_call" USING
               BY VALUE     TB-HANDLE
               BY REFERENCE Z"hook_lst"
               BY REFERENCE Z"{}"
               BY REFERENCE WS-OUT
               BY VALUE     WS-OUT-SIZE
               BY REFERENCE TB-NEEDED
               BY REFERENCE TB-REST
               RETURNING    TB-STATUS
           END-CALL
           MOVE "an answer ends in a NUL" TO WS-CLAIM
           IF NOT TB-INVALID-ARGUMENT OR TB-REST NOT = 0
               OR WS-OUT(TB-NEEDED + 1:1) NOT = X"00"
               OR WS-OUT(1:9) NOT = '{"error":'
               PERFORM TELL
           END-IF.

       TELL.
           ADD 1 TO WS-FAILURES
           DISPLAY "not so: " WS-CLAIM " status " TB-STATUS
           DISPLAY TB-ANSWER(1:400).

           COPY "tiebackp.cpy".

       END PROGRAM EDGES.
