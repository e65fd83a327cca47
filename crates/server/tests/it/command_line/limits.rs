//! `rollcall limits …`

use serde_json::json;
use testkit::{EmptyDatabase, on_both_databases};

use crate::binary::Home;

on_both_databases! { EmptyDatabase:
    a_tenant_gets_budgets_of_its_own_and_gives_them_back,
}

async fn a_tenant_gets_budgets_of_its_own_and_gives_them_back(database: &EmptyDatabase) {
    let home = Home::on(database.target()).set("ROLLCALL__LIMITS__READS_PER_SECOND", "50");
    home.text(&["tenant", "create", "acme"]);
    let show = ["limits", "show", "--tenant", "acme"];
    let usual = home.json(&show);
    assert_eq!(usual["reads"], json!({"per_second": 50.0, "burst": 5000, "own": false}));
    let set = home.json(&["limits", "set", "--tenant", "acme", "--reads", "10:20", "--bulk", "5:500"]);
    assert_eq!(set["reads"], json!({"per_second": 10.0, "burst": 20, "own": true}));
    assert_eq!(set["bulk"], json!({"per_second": 5.0, "burst": 500, "own": true}));
    assert_eq!(set["writes"], usual["writes"]);
    assert_eq!(home.json(&show), set);
    let text = home.text(&show);
    assert!(text.contains("reads   10 a second, 20 at once (its own)"), "{text}");
    home.text(&["limits", "set", "--tenant", "acme", "--reads", "default", "--bulk", "default"]);
    assert_eq!(home.json(&show), usual);
}

#[test]
fn what_is_no_budget_is_told() {
    let home = Home::empty();
    home.text(&["tenant", "create", "acme"]);
    for bad in ["10", "0:5", "5:0", "a:b", "10:20:30", "-1:5", ""] {
        let ended = home.run(&["limits", "set", "--tenant", "acme", &format!("--reads={bad}")]);
        assert_eq!(ended.status.code(), Some(2), "{bad}: {ended:?}");
        assert!(ended.err.contains("RATE:BURST") || bad.is_empty(), "{bad}: {ended:?}");
    }
    let unknown = home.refused(&["limits", "show", "--tenant", "nobody"]);
    assert!(unknown.contains("nobody was not found"), "{unknown}");
}
