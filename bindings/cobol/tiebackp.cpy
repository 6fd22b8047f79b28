      *> tieback for COBOL: the calls, as paragraphs to PERFORM. COPY it
      *> at the end of the PROCEDURE DIVISION, where nothing falls into
      *> it. Every one leaves what came of it in TB-STATUS.

      *> Does TB-OPERATION with TB-JSON. The answer, or the error, is in
      *> TB-ANSWER; when it is longer, TB-REST is not 0: TB-READ-ON.
       TB-CALL.
           MOVE 0 TO TB-OFFSET
           IF TB-PUT-STATUS NOT = 0
               PERFORM TB-REFUSE-JSON
           ELSE
               MOVE LENGTH OF TB-OPERATION TO TB-OPERATION-SIZE
               MOVE LENGTH OF TB-JSON TO TB-JSON-SIZE
               MOVE LENGTH OF TB-ANSWER TO TB-ANSWER-SIZE
               CALL "tieback_call_padded" USING
                   BY VALUE     TB-HANDLE
                   BY REFERENCE TB-OPERATION
                   BY VALUE     TB-OPERATION-SIZE
                   BY REFERENCE TB-JSON
                   BY VALUE     TB-JSON-SIZE
                   BY REFERENCE TB-ANSWER
                   BY VALUE     TB-ANSWER-SIZE
                   BY REFERENCE TB-WRITTEN
                   BY REFERENCE TB-NEEDED
                   BY REFERENCE TB-REST
                   RETURNING    TB-STATUS
               END-CALL
           END-IF.

      *> Gets the next piece of a long answer into TB-ANSWER; the last
      *> one leaves TB-REST 0.
       TB-READ-ON.
           ADD TB-WRITTEN TO TB-OFFSET
           MOVE LENGTH OF TB-ANSWER TO TB-ANSWER-SIZE
           CALL "tieback_read_padded" USING
               BY VALUE     TB-REST
               BY VALUE     TB-OFFSET
               BY REFERENCE TB-ANSWER
               BY VALUE     TB-ANSWER-SIZE
               BY REFERENCE TB-WRITTEN
               BY REFERENCE TB-NEEDED
               RETURNING    TB-STATUS
           END-CALL
           IF TB-WRITTEN = TB-NEEDED
               MOVE 0 TO TB-REST
           END-IF.

      *> Opens an engine with the options in TB-JSON; TB-HANDLE is its
      *> number from then on.
       TB-OPEN.
           MOVE "engine_open" TO TB-OPERATION
           PERFORM TB-CALL
           IF TB-OK
               MOVE "/handle" TO TB-POINTER
               PERFORM TB-READ-VALUE
               COMPUTE TB-HANDLE = FUNCTION NUMVAL(TB-VALUE(1:10))
           END-IF.

      *> Closes it.
       TB-CLOSE.
           MOVE "engine_close" TO TB-OPERATION
           PERFORM TB-NEW-JSON
           PERFORM TB-CALL
           MOVE 0 TO TB-HANDLE.

      *> Begins a new TB-JSON: an empty one.
       TB-NEW-JSON.
           MOVE SPACES TO TB-JSON
           MOVE 0 TO TB-PUT-STATUS.

      *> Puts TB-VALUE into TB-JSON at TB-POINTER, as a text: quotes and
      *> the like in it are written as JSON wants them. When that fails,
      *> the next TB-CALL does nothing and says so.
       TB-PUT-TEXT.
           MOVE 0 TO TB-IS-JSON
           PERFORM TB-PUT.

      *> The same for a number, true, false, or other JSON.
       TB-PUT-JSON.
           MOVE 1 TO TB-IS-JSON
           PERFORM TB-PUT.

      *> Reads the value at TB-POINTER of TB-ANSWER into TB-VALUE, which
      *> is blank with TB-NOT-FOUND. TB-VALUE-LENGTH is the length of
      *> the value, which may be more than TB-VALUE holds.
       TB-READ-VALUE.
           MOVE LENGTH OF TB-ANSWER TO TB-ANSWER-SIZE
           MOVE LENGTH OF TB-POINTER TO TB-POINTER-SIZE
           MOVE LENGTH OF TB-VALUE TO TB-VALUE-SIZE
           CALL "tieback_json_text_padded" USING
               BY REFERENCE TB-ANSWER
               BY VALUE     TB-ANSWER-SIZE
               BY REFERENCE TB-POINTER
               BY VALUE     TB-POINTER-SIZE
               BY REFERENCE TB-VALUE
               BY VALUE     TB-VALUE-SIZE
               BY REFERENCE TB-VALUE-LENGTH
               RETURNING    TB-STATUS
           END-CALL.

      *> After a call that failed: the reason in TB-MESSAGE. TB-STATUS
      *> stays what it was.
       TB-READ-MESSAGE.
           MOVE TB-STATUS TO TB-KEPT-STATUS
           MOVE "/error/message" TO TB-POINTER
           MOVE LENGTH OF TB-ANSWER TO TB-ANSWER-SIZE
           MOVE LENGTH OF TB-POINTER TO TB-POINTER-SIZE
           MOVE LENGTH OF TB-MESSAGE TO TB-MESSAGE-SIZE
           CALL "tieback_json_text_padded" USING
               BY REFERENCE TB-ANSWER
               BY VALUE     TB-ANSWER-SIZE
               BY REFERENCE TB-POINTER
               BY VALUE     TB-POINTER-SIZE
               BY REFERENCE TB-MESSAGE
               BY VALUE     TB-MESSAGE-SIZE
               BY REFERENCE TB-IGNORED
               RETURNING    TB-STATUS
           END-CALL
           MOVE TB-KEPT-STATUS TO TB-STATUS.

      *> Not for you: what the paragraphs above have in common.
       TB-PUT.
           MOVE LENGTH OF TB-JSON TO TB-JSON-SIZE
           MOVE LENGTH OF TB-POINTER TO TB-POINTER-SIZE
           MOVE LENGTH OF TB-VALUE TO TB-VALUE-SIZE
           CALL "tieback_json_put_padded" USING
               BY REFERENCE TB-JSON
               BY VALUE     TB-JSON-SIZE
               BY REFERENCE TB-POINTER
               BY VALUE     TB-POINTER-SIZE
               BY REFERENCE TB-VALUE
               BY VALUE     TB-VALUE-SIZE
               BY VALUE     TB-IS-JSON
               BY REFERENCE TB-IGNORED
               RETURNING    TB-STATUS
           END-CALL
           IF NOT TB-OK AND TB-PUT-STATUS = 0
               MOVE TB-STATUS TO TB-PUT-STATUS
           END-IF.

       TB-REFUSE-JSON.
           MOVE TB-PUT-STATUS TO TB-STATUS
           MOVE 0 TO TB-PUT-STATUS TB-REST
           MOVE SPACES TO TB-ANSWER
           STRING '{"error":{"kind":"invalid_argument","message":'
               '"a value could not be put into TB-JSON: its place '
               'or itself is wrong, or TB-JSON is full"}}'
               DELIMITED BY SIZE INTO TB-ANSWER
           END-STRING
           COMPUTE TB-NEEDED = FUNCTION LENGTH(
               FUNCTION TRIM(TB-ANSWER))
           MOVE TB-NEEDED TO TB-WRITTEN.
