//! The functions that `include/tieback.h` declares, with what their comments say.

/// A function of the header.
pub struct Function {
    pub name: String,
    pub returns: String,
    /// Type and name of each.
    pub parameters: Vec<(String, String)>,
    pub comment: String,
}

impl Function {
    /// Whether it gives a status and takes an error last. What only asks for a status (`tieback_error_status`) is not.
    pub fn is_fallible(&self) -> bool {
        self.returns == "tieback_status" && self.parameters.last().is_some_and(|(kind, _)| kind == "tieback_error **")
    }

    /// What the comment says after one of its headings, up to the next.
    pub fn says(&self, heading: &str) -> Option<&str> {
        const HEADINGS: [&str; 4] = ["Ownership:", "Threads:", "NULL:", "Errors:"];
        let (_, after) = self.comment.split_once(heading)?;
        let end = HEADINGS.iter().filter_map(|next| after.find(next)).min().unwrap_or(after.len());
        Some(after[..end].trim())
    }
}

/// All of them, in the header's order.
pub fn read(header: &str) -> Vec<Function> {
    let (_, declared) = header.split_once("extern \"C\" {").expect("the functions are declared as C's");
    let (declared, _) = declared.rsplit_once("#ifdef __cplusplus").expect("a closing brace for C++");
    let mut functions = Vec::new();
    for part in declared.split("/**").skip(1) {
        let (comment, declaration) = part.split_once("*/").expect("a comment ends");
        let declaration = declaration.split(';').next().expect("a declaration").split_whitespace();
        let declaration = declaration.collect::<Vec<_>>().join(" ");
        let (head, parameters) = declaration.split_once('(').expect("a function");
        let (returns, name) = type_and_name(head);
        let parameters = parameters.trim_end_matches(')').split(", ").filter(|parameter| *parameter != "void");
        let comment: Vec<&str> = comment.lines().map(|line| line.trim_start_matches([' ', '*'])).collect();
        functions.push(Function {
            name,
            returns,
            parameters: parameters.map(type_and_name).collect(),
            comment: comment.join(" ").trim().to_owned(),
        });
    }
    functions
}

fn type_and_name(text: &str) -> (String, String) {
    let at = text.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').expect("a type before a name") + 1;
    (text[..at].trim().to_owned(), text[at..].to_owned())
}
